import { describe, expect, test } from "vitest";
import { CodexError } from "../../../src/shared/errors.ts";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { ApiKeySource } from "../../../src/auth/api-key.ts";
import { ChatgptSource } from "../../../src/auth/chatgpt.ts";
import type { Claim } from "../../../src/auth/session/refresh-claim.ts";
import type { CredentialSource } from "../../../src/auth/credential-source.ts";
import { act, either, signIn } from "../../../src/shared/next-step.ts";
import type { Quota } from "../../../src/quota/quota.ts";
import type { Finding } from "../../../src/status/finding.ts";
import { loginChecks, type LoginDeps } from "../../../src/status/doctor/login.ts";
import { fakeClock } from "../../support/fake-clock.ts";
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
const state = { tokens, damaged: false, encrypted: false, unsaved: undefined };
const unasked = () => Promise.reject(new Error("nothing is asked"));
const chatgpt = (extra: Partial<typeof state> | object = {}): CredentialSource =>
  new ChatgptSource({
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

/** The finding of one check with these facts; a usable ChatGPT login is the default. */
async function find(name: string, facts: Partial<LoginDeps>): Promise<Finding | undefined> {
  const checks = loginChecks({
    config: { authFile: "/h/auth.json", encrypt: undefined },
    stored: () => Promise.resolve(state),
    clock: { ...fakeClock(), now: () => now },
    active: () => Promise.resolve(chatgpt()),
    refreshClaim: () => Promise.resolve(undefined),
    catalog: { cached: () => Promise.resolve(undefined) },
    quota: { lastSeen: () => Promise.resolve(undefined) },
    ...facts,
  });
  const check = checks.find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  const [finding, ...others] = await check.run(new AbortController().signal);
  expect(others).toEqual([]);
  return finding;
}

const claimed: Claim = {
  owner: "x",
  attempts: 0,
  at: now - 3_000,
  uptimeMs: 0,
  number: 1,
  life: "dead",
  pid: undefined,
};

const findLogin = (extra: Partial<typeof state> | object = {}, outcome?: Claim["outcome"]) =>
  find("login", {
    active: () => Promise.resolve(chatgpt(extra)),
    refreshClaim: () => Promise.resolve(outcome && { ...claimed, outcome }),
  });

/** What is said of a refresh, beside the login. */
async function findRefresh(claim: Partial<Claim>): Promise<Finding[]> {
  const [check] = loginChecks({
    config: { authFile: "/h/auth.json", encrypt: undefined },
    clock: { ...fakeClock(), now: () => now },
    stored: () => Promise.resolve({ tokens: undefined, encrypted: false }),
    active: () => Promise.resolve(chatgpt()),
    refreshClaim: () => Promise.resolve({ ...claimed, ...claim }),
    catalog: { cached: () => Promise.resolve(undefined) },
    quota: { lastSeen: () => Promise.resolve(undefined) },
  });
  const findings = (await check?.run(new AbortController().signal)) ?? [];
  expect(findings[0]).toMatchObject({ check: "login", level: "ok" });
  return findings.slice(1);
}

describe("a refresh", () => {
  test("under way is told with its process and its time", async () => {
    expect(await findRefresh({ life: "alive", pid: 4711 })).toEqual([
      { check: "refresh", level: "ok", message: "Process 4711 has been refreshing the login for 3 s." },
    ]);
  });

  test("that takes far too long comes with what to do", async () => {
    expect(await findRefresh({ life: "alive", pid: 4711, at: now - 2 * 60_000 })).toEqual([
      {
        check: "refresh",
        level: "problem",
        message: "Process 4711 has been refreshing the login for 2 min.",
        fix: [act("End process 4711 if it hangs; the next question refreshes the login")],
      },
    ]);
  });

  test.each(["unknown", "stopped"] as const)("by a process elsewhere (%s) names no pid", async (life) => {
    expect(await findRefresh({ life, at: now - 2 * 60_000 })).toEqual([
      {
        check: "refresh",
        level: "ok",
        message: "A process of another machine or container has been refreshing the login for 2 min.",
      },
    ]);
  });

  test("with a date ahead of the clock has just begun", async () => {
    expect(await findRefresh({ life: "alive", pid: 4711, at: now + hour })).toMatchObject([{ level: "ok" }]);
  });

  test.each<Partial<Claim>>([
    { life: "dead" },
    { life: "alive", outcome: "granted" },
    { life: "alive", outcome: "unsent" },
    { life: "unknown", outcome: "unknown" },
  ])("that is over is not told: %j", async (claim) => {
    expect(await findRefresh(claim)).toEqual([]);
  });
});

describe("the login", () => {
  test("that works is told by masked account, plan and time left", async () => {
    const finding = await findLogin();
    expect(finding).toEqual({
      check: "login",
      level: "ok",
      message: "Signed in as j***@example.com (plan plus). The access token is valid for 2 h.",
    });
    expect(JSON.stringify(finding)).not.toContain("CANARY");
  });

  test("that has expired is no trouble while it can be refreshed", async () => {
    const expired = { tokens: { ...tokens, expiresAt: now - 1, plan: undefined } };
    expect(await findLogin(expired)).toMatchObject({
      level: "ok",
      message: expect.stringMatching(/plan unknown.*has expired; the next question/) as string,
    });
    expect((await findLogin(expired, "unknown"))?.level).toBe("ok");
  });

  test("whose refresh was refused ends, or has ended", async () => {
    expect(await findLogin({}, "refused")).toMatchObject({
      level: "problem",
      message: expect.stringContaining("works for another 2 h, and the service refuses") as string,
      fix: [signIn],
    });
  });

  test("that could not be saved", async () => {
    const unsaved = new CodexError("STORAGE", "The disk is full.", { next: [act("Make room")] });
    expect(await findLogin({ unsaved })).toMatchObject({
      level: "problem",
      message: expect.stringContaining("The refreshed login is not saved yet: The disk is full.") as string,
      fix: [act("Make room")],
    });
  });

  test("that is damaged, or is none", async () => {
    expect(await findLogin({ tokens: undefined, damaged: true })).toMatchObject({
      level: "problem",
      message: "The login file /h/auth.json is damaged.",
    });
    expect(await findLogin({ tokens: undefined })).toMatchObject({
      level: "note",
      fix: [signIn],
    });
  });
});

test("a guest's login is told with its file, or why it cannot be used", async () => {
  const { simulator, home, parts } = await modeRig();
  writePreference(home, "codex-cli");
  const findGuest = () => find("login", { active: () => parts.credentials.current(), clock: parts.clock });
  expect(await findGuest()).toMatchObject({
    level: "problem",
    message: expect.stringContaining("The Codex CLI is not signed in") as string,
  });
  writeCodexCliLogin(home, simulator);
  expect(await findGuest()).toEqual({
    check: "login",
    level: "ok",
    message: `Used as a guest: c***@example.test by the Codex CLI's login, from ${codexCliFile(home)}. It is only read.`,
  });
  writeCodexCliLogin(home, simulator, { accessExpiresInMs: -1_000 });
  expect(await findGuest()).toMatchObject({
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
  const findKey = (apiKey: string | undefined) => find("login", { active: () => Promise.resolve(sourceOf(apiKey)) });
  expect((await findKey("sk-canary-1234"))?.level).toBe("ok");
  expect(await findKey(undefined)).toMatchObject({ level: "problem" });
  const endless = `sk-canary-${"x".repeat(2_000)}`;
  for (const key of ["sk-canary-1234\nx", "sk-canary 1234", "sk-canary-1234\0", endless, ""]) {
    const finding = await findKey(key);
    expect(finding?.level).toBe("problem");
    await expect(sourceOf(key).get()).rejects.toThrow("OPENAI_API_KEY");
    expect(JSON.stringify(finding)).not.toContain("canary");
  }
});

test("a model list is told by its age", async () => {
  const findList = (fetchedAt?: number) => {
    const list = fetchedAt === undefined ? undefined : { models: [], source: "kept" as const, fetchedAt, fresh: false };
    return find("model list", { catalog: { cached: () => Promise.resolve(list) } });
  };
  expect((await findList())?.level).toBe("ok");
  expect(await findList(now - 2 * hour)).toMatchObject({
    level: "ok",
    message: "Fetched 2 h ago.",
  });
  expect(await findList(now - 8 * 24 * hour)).toMatchObject({
    level: "note",
    message: expect.stringContaining("8 d ago") as string,
  });
});

test("a quota that is used up is told with its reset", async () => {
  const quota = (usedPercent: number, resetsAt: number | undefined) => ({
    seenAt: now - 60_000,
    plan: "plus",
    windows: [{ usedPercent, windowMinutes: 10_080, resetsAt }],
  });
  const findQuota = (seen: Quota | undefined) => find("quota", { quota: { lastSeen: () => Promise.resolve(seen) } });
  expect((await findQuota(undefined))?.level).toBe("ok");
  expect(await findQuota(quota(41, now + hour))).toMatchObject({
    level: "ok",
    message: "Used, as seen 1 min ago: week 41 %.",
  });
  expect(await findQuota(quota(100, now + hour))).toMatchObject({
    level: "note",
    fix: [{ do: "wait", for: hour }],
  });
  expect((await findQuota(quota(100, now - hour)))?.level).toBe("ok");
});

test("without a login nothing is said of its model list and its quota", async () => {
  const active = () => Promise.resolve(chatgpt({ tokens: undefined }));
  expect(await find("model list", { active })).toBeUndefined();
  expect(await find("quota", { active })).toBeUndefined();
});

test("the doctor says whether the login is encrypted, and when CODEX_ENCRYPT is about to change that", async () => {
  const encryption = (encrypted: boolean, encrypt: LoginDeps["config"]["encrypt"]) =>
    find("encryption", {
      config: { authFile: "/h/auth.json", encrypt },
      stored: () => Promise.resolve({ tokens, encrypted }),
    });
  expect(await encryption(false, undefined)).toMatchObject({
    level: "ok",
    message: expect.stringContaining("not encrypted") as string,
  });
  expect(await encryption(true, "keyring")).toMatchObject({
    level: "ok",
    message: expect.stringContaining("is encrypted") as string,
  });
  expect(await encryption(false, "keyring")).toMatchObject({
    level: "note",
    message: expect.stringContaining("CODEX_ENCRYPT=keyring") as string,
  });
  expect(await encryption(true, "off")).toMatchObject({
    level: "note",
    message: expect.stringContaining("CODEX_ENCRYPT=off") as string,
  });
  expect(await find("encryption", { stored: unasked }).catch(String)).toBeUndefined();
});
