import { describe, expect, test } from "vitest";
import { CodexError } from "../../../src/shared/errors.ts";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { ApiKeySource } from "../../../src/auth/api-key.ts";
import { ChatgptSource } from "../../../src/auth/chatgpt.ts";
import type { CredentialSource } from "../../../src/auth/credential-source.ts";
import { act, either, signIn } from "../../../src/shared/next-step.ts";
import { judgeCredential, judgeModelList, judgeQuota } from "../../../src/status/doctor/login.ts";
import { codexCliFile, modeRig, writePreference, writeCodexCliLogin } from "../../support/modes.ts";

const now = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;
const tokens: TokenSet = {
  issuer: "https://auth.test",
  apiOrigin: "https://api.test",
  accessToken: "CANARY-access-1",
  refreshToken: "CANARY-refresh-1",
  idToken: "CANARY-id-1",
  accountId: "CANARY-account-1",
  email: "jane.doe@example.com",
  plan: "plus",
  expiresAt: now + 2 * hour,
  generation: 1,
};
const state = { tokens, damaged: false, unsaved: undefined };
const judgeSource = async (source: CredentialSource, outcome?: "refused" | "unknown") =>
  judgeCredential(source, await source.inspect(), outcome, now);
const unasked = () => Promise.reject(new Error("nothing is asked"));
const judge = (extra: Partial<typeof state> | object = {}, outcome?: "refused" | "unknown") => {
  const source = new ChatgptSource({
    tokens: {
      state: () => Promise.resolve({ ...state, ...extra }),
      getTokens: unasked,
      replaceRejected: unasked,
    },
    routes: { route: unasked, routeOrReplace: unasked },
    origins: { issuer: tokens.issuer, apiOrigin: tokens.apiOrigin },
    baseUrl: tokens.apiOrigin,
    authFile: "/h/auth.json",
  });
  return judgeSource(source, outcome);
};

describe("the login", () => {
  test("that works is told by masked account, plan and time left", async () => {
    const finding = await judge();
    expect(finding).toEqual({
      check: "login",
      level: "ok",
      message: "Signed in as j***@example.com (plan plus). The access token is valid for 2 h.",
    });
    expect(JSON.stringify(finding)).not.toContain("CANARY");
  });

  test("that has expired is no trouble while it can be refreshed", async () => {
    const expired = { tokens: { ...tokens, expiresAt: now - 1, plan: undefined } };
    expect(await judge(expired)).toMatchObject({
      level: "ok",
      message: expect.stringMatching(/plan unknown.*has expired; the next question/) as string,
    });
    expect((await judge(expired, "unknown")).level).toBe("ok");
  });

  test("whose refresh was refused ends, or has ended", async () => {
    expect(await judge({}, "refused")).toMatchObject({
      level: "problem",
      message: expect.stringContaining("works for another 2 h, and the service refuses") as string,
      fix: [signIn],
    });
  });

  test("that could not be saved", async () => {
    const unsaved = new CodexError("STORAGE", "The disk is full.", { next: [act("Make room")] });
    expect(await judge({ unsaved })).toMatchObject({
      level: "problem",
      message: expect.stringContaining("only in memory: The disk is full.") as string,
      fix: [act("Make room")],
    });
  });

  test("that is damaged, or is none", async () => {
    expect(await judge({ tokens: undefined, damaged: true })).toMatchObject({
      level: "problem",
      message: "The login file /h/auth.json is damaged.",
    });
    expect(await judge({ tokens: undefined })).toMatchObject({
      level: "note",
      fix: [signIn],
    });
  });
});

test("a guest's login is told with its file, or why it cannot be used", async () => {
  const { simulator, home, services } = await modeRig();
  writePreference(home, "codex-cli");
  const judged = async () => {
    const source = await services.credentials.current();
    return judgeCredential(source, await source.inspect(), undefined, services.clock.now());
  };
  expect(await judged()).toMatchObject({
    level: "problem",
    message: expect.stringContaining("The Codex CLI is not signed in") as string,
  });
  writeCodexCliLogin(home, simulator);
  expect(await judged()).toEqual({
    check: "login",
    level: "ok",
    message: `Used as a guest: c***@example.test by the Codex CLI's login, from ${codexCliFile(home)}. It is only read.`,
  });
  writeCodexCliLogin(home, simulator, { accessExpiresInMs: -1_000 });
  expect(await judged()).toMatchObject({
    level: "problem",
    fix: [
      either(act("Open the Codex CLI once, which renews its login"), {
        do: "sign-in",
        method: "browser",
      }),
    ],
  });
  expect(simulator.requests).toEqual([]);
});

const settings = { apiBaseUrl: "https://api.test/v1", auth: undefined, tlsUnverified: false };

test("an API key is there and is one, or is not; no piece of it is shown", async () => {
  const sourceOf = (apiKey: string | undefined) => new ApiKeySource({ ...settings, apiKey });
  const judgeKey = (apiKey: string | undefined) => judgeSource(sourceOf(apiKey));
  expect((await judgeKey("sk-canary-1234")).level).toBe("ok");
  expect(await judgeKey(undefined)).toMatchObject({ level: "problem" });
  const endless = `sk-canary-${"x".repeat(2_000)}`;
  for (const key of ["sk-canary-1234\nx", "sk-canary 1234", "sk-canary-1234\0", endless, ""]) {
    const finding = await judgeKey(key);
    expect(finding.level).toBe("problem");
    await expect(sourceOf(key).get()).rejects.toThrow("OPENAI_API_KEY");
    expect(JSON.stringify(finding)).not.toContain("canary");
  }
});

test("a model list is told by its age", () => {
  expect(judgeModelList(undefined, now).level).toBe("ok");
  expect(judgeModelList(now - 2 * hour, now)).toMatchObject({
    level: "ok",
    message: "Fetched 2 h ago.",
  });
  expect(judgeModelList(now - 8 * 24 * hour, now)).toMatchObject({
    level: "note",
    message: expect.stringContaining("8 d ago") as string,
  });
});

test("a quota that is used up is told with its reset", () => {
  const quota = (usedPercent: number, resetsAt: number | undefined) => ({
    seenAt: now - 60_000,
    plan: "plus",
    windows: [{ usedPercent, windowMinutes: 10_080, resetsAt }],
  });
  expect(judgeQuota(undefined, now).level).toBe("ok");
  expect(judgeQuota(quota(41, now + hour), now)).toMatchObject({
    level: "ok",
    message: "Used, as seen 1 min ago: week 41 %.",
  });
  expect(judgeQuota(quota(100, now + hour), now)).toMatchObject({
    level: "note",
    fix: [{ do: "wait", for: hour }],
  });
  expect(judgeQuota(quota(100, now - hour), now).level).toBe("ok");
});
