import { describe, expect, test } from "vitest";
import type { Quota } from "../../../src/quota/quota.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { apiKeyCredential } from "../../../src/auth/api-key.ts";
import type { Finding } from "../../../src/status/finding.ts";
import { loginChecks, type LoginDeps } from "../../../src/status/doctor/login.ts";
import type { LoginState } from "../../../src/auth/session/token-manager.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { guestFile, modeRig, writeGuest } from "../../support/modes.ts";

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
const config: LoginDeps["config"] = {
  authFile: "/h/auth.json",
  apiKey: undefined,
  issuer: tokens.issuer,
  apiOrigin: tokens.apiOrigin,
  baseUrl: `${tokens.apiOrigin}/v1`,
};

/** What one of the checks finds with these facts; ChatGPT's login is there and works when left out. */
async function find(name: string, facts: Partial<LoginDeps>): Promise<Finding | undefined> {
  const checks = loginChecks({
    config,
    clock: { ...fakeClock(), now: () => now },
    mode: () => Promise.resolve("chatgpt"),
    tokens: { state: () => Promise.resolve(state) },
    guest: { path: "", look: () => Promise.reject(new Error("no guest is expected")) },
    refreshOutcome: () => Promise.resolve(undefined),
    catalog: { kept: () => Promise.resolve(undefined) },
    quota: { lastSeen: () => Promise.resolve(undefined) },
    ...facts,
  });
  const [finding] = (await checks
    .find((check) => check.name === name)
    ?.run(new AbortController().signal)) as Finding[];
  return finding;
}

const judge = (extra: Partial<LoginState> = {}, outcome?: "refused" | "unknown") =>
  find("login", {
    tokens: { state: () => Promise.resolve({ ...state, ...extra }) },
    refreshOutcome: () => Promise.resolve(outcome),
  });

describe("the login", () => {
  test("that works is told by masked account, plan and time left", async () => {
    const finding = await judge();
    expect(finding).toEqual({
      check: "login",
      level: "ok",
      said: "Signed in as j***@example.com (plan plus). The access token is valid for 2 h.",
      remedy: undefined,
    });
    expect(JSON.stringify(finding)).not.toContain("CANARY");
  });

  test("that has expired is no trouble while it can be refreshed", async () => {
    const expired = { tokens: { ...tokens, expiresAt: now - 1, plan: undefined } };
    expect(await judge(expired)).toMatchObject({
      level: "ok",
      said: expect.stringMatching(/plan unknown.*has expired; the next question/) as string,
    });
    expect((await judge(expired, "unknown"))?.level).toBe("ok");
  });

  test("whose refresh was refused ends, or has ended", async () => {
    expect(await judge({}, "refused")).toMatchObject({
      level: "problem",
      said: expect.stringContaining("works for another 2 h, and the service refuses") as string,
      remedy: "Sign in again with codex_login.",
    });
  });

  test("that could not be saved", async () => {
    const unsaved = new CodexError("STORAGE", "The disk is full.", { next: "Make room." });
    expect(await judge({ unsaved })).toMatchObject({
      level: "problem",
      said: expect.stringContaining("only in memory: The disk is full.") as string,
      remedy: "Make room.",
    });
  });

  test("that is damaged, or is none", async () => {
    expect(await judge({ tokens: undefined, damaged: true })).toMatchObject({
      level: "problem",
      said: "The login file /h/auth.json is damaged.",
    });
    expect(await judge({ tokens: undefined })).toMatchObject({
      level: "note",
      remedy: "Sign in with codex_login.",
    });
  });
});

test("a guest's login is told with its file, or why it cannot be used", async () => {
  const { simulator, home, services } = await modeRig();
  const { guest, clock } = services;
  const judged = () => find("login", { guest, clock, mode: () => Promise.resolve("codex-cli") });
  expect(await judged()).toMatchObject({
    level: "problem",
    said: expect.stringContaining("The Codex CLI is not signed in") as string,
  });
  writeGuest(home, simulator);
  expect(await judged()).toEqual({
    check: "login",
    level: "ok",
    said: `Used as a guest: c***@example.test by the Codex CLI's login, from ${guestFile(home)}. It is only read.`,
    remedy: undefined,
  });
  writeGuest(home, simulator, { accessExpiresInMs: -1_000 });
  expect(await judged()).toMatchObject({
    level: "problem",
    remedy: expect.stringContaining("Open the Codex CLI once") as string,
  });
  expect(simulator.requests).toEqual([]);
});

const settings = { apiBaseUrl: "https://api.test/v1", auth: undefined, tlsUnverified: false };

test("an API key is there and is one, or is not; no piece of it is shown", async () => {
  const judgeKey = (apiKey: string | undefined) =>
    find("login", {
      config: { ...config, apiKey },
      mode: () => Promise.resolve("api-key"),
    });
  expect((await judgeKey("sk-canary-1234"))?.level).toBe("ok");
  expect(await judgeKey(undefined)).toMatchObject({ level: "problem" });
  const endless = `sk-canary-${"x".repeat(2_000)}`;
  for (const key of ["sk-canary-1234\nx", "sk-canary 1234", "sk-canary-1234\0", endless, ""]) {
    const finding = await judgeKey(key);
    expect(finding?.level).toBe("problem");
    expect(() => apiKeyCredential({ ...settings, apiKey: key })).toThrow("OPENAI_API_KEY");
    expect(JSON.stringify(finding)).not.toContain("canary");
  }
});

test("a model list is told by its age", async () => {
  const judgeList = (fetchedAt?: number) => {
    const list =
      fetchedAt === undefined
        ? undefined
        : { models: [], source: "kept" as const, fetchedAt, fresh: false };
    return find("model list", { catalog: { kept: () => Promise.resolve(list) } });
  };
  expect((await judgeList())?.level).toBe("ok");
  expect(await judgeList(now - 2 * hour)).toMatchObject({
    level: "ok",
    said: "Fetched 2 h ago.",
  });
  expect(await judgeList(now - 8 * 24 * hour)).toMatchObject({
    level: "note",
    said: expect.stringContaining("8 d ago") as string,
  });
});

test("a quota that is used up is told with its reset", async () => {
  const judgeQuota = (seen: Quota | undefined) =>
    find("quota", { quota: { lastSeen: () => Promise.resolve(seen) } });
  const quota = (usedPercent: number, resetsAt: number | undefined) => ({
    seenAt: now - 60_000,
    plan: "plus",
    windows: [{ usedPercent, windowMinutes: 10_080, resetsAt }],
  });
  expect((await judgeQuota(undefined))?.level).toBe("ok");
  expect(await judgeQuota(quota(41, now + hour))).toMatchObject({
    level: "ok",
    said: "Used, as seen 1 min ago: week 41 %.",
  });
  expect(await judgeQuota(quota(100, now + hour))).toMatchObject({
    level: "note",
    remedy: "Wait for the reset in 1 h.",
  });
  expect((await judgeQuota(quota(100, now - hour)))?.level).toBe("ok");
});
