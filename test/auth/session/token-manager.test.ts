import { readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isExpired } from "../../../src/auth/oauth/token-set.ts";
import { unsetVariables } from "../../../src/shared/next-step.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { makeHome, writeLogin } from "../../support/home.ts";
import { anHourMs, liveProcess, plantLock } from "../../support/owners.ts";
import { simulate } from "../../support/server.ts";
import { refreshLockOf, frozenClock, storeLockOf, tokenRig, uncancelled } from "../../support/token-rig.ts";

const minute = 60_000;
const expired = { accessExpiresInMs: -minute };

test.each([
  [0, "six minutes", 6 * minute],
  [0, "five minutes and a second", 5 * minute + 1_000],
  [1, "four minutes and 59 seconds", 5 * minute - 1_000],
  [1, "a second", 1_000],
  [1, "no time", 0],
])("makes %d refreshes for a token with %s left", async (refreshes, _, leftMs) => {
  const clock = frozenClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const stored = writeLogin(home, simulator, { accessExpiresInMs: leftMs });
  const got = await tokenRig({ simulator, home, clock }).get();
  expect(simulator.stats.refreshes).toBe(refreshes);
  expect(got.accessToken === stored.accessToken).toBe(refreshes === 0);
  expect(home.record()).toMatchObject({ accessToken: got.accessToken });
});

test("refreshes once when fifty calls find the token expired", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const { get } = tokenRig({ simulator, home });
  const got = await Promise.all(Array.from({ length: 50 }, () => get()));
  expect(simulator.requests).toHaveLength(1);
  expect(new Set(got.map(({ accessToken }) => accessToken)).size).toBe(1);
});

test.each([
  ["expired", -minute],
  ["about to expire", minute],
])("refreshes once when twenty windows find the token %s", async (_, accessExpiresInMs) => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator, { accessExpiresInMs });
  const rigs = Array.from({ length: 20 }, () => tokenRig({ simulator, home }));
  const got = await Promise.all(rigs.map(({ get }) => get()));
  expect(simulator.requests).toHaveLength(1);
  expect(got.every((tokens) => !isExpired(tokens, Date.now()))).toBe(true);
  expect(home.record()).toMatchObject({
    refreshToken: simulator.family(refreshToken)?.current,
    generation: 1,
  });
});

test("one refresh serves all windows where the server does not rotate, too", async () => {
  const simulator = await simulate({ switches: { rotateRefreshTokens: false } });
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const rigs = Array.from({ length: 20 }, () => tokenRig({ simulator, home }));
  await Promise.all(rigs.map(({ get }) => get()));
  expect(simulator.requests).toHaveLength(1);
});

test("the same refresh token is good again where the server does not rotate", async () => {
  const clock = frozenClock();
  const simulator = await simulate({
    now: () => clock.now(),
    tokenLifetimeMs: anHourMs,
    switches: { rotateRefreshTokens: false },
  });
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const { get } = tokenRig({ simulator, home, clock });
  for (const refreshes of [1, 2, 3]) {
    await get();
    expect(simulator.stats.refreshes).toBe(refreshes);
    clock.set(clock.now() + anHourMs - minute);
  }
});

test.each([
  ["refresh lock", refreshLockOf],
  ["login file's lock", storeLockOf],
])("uses the present token at once while a process that hangs holds the %s", async (_, lockOf) => {
  const simulator = await simulate();
  const home = makeHome();
  const stored = writeLogin(home, simulator, { accessExpiresInMs: 4 * minute });
  plantLock(lockOf(home), liveProcess(), anHourMs);
  const clock = {
    ...frozenClock(),
    timer: () => {
      throw new Error("nothing may wait");
    },
  };
  const got = await tokenRig({ simulator, home, clock }).get();
  expect(got.accessToken).toBe(stored.accessToken);
  expect(simulator.requests).toEqual([]);
});

test("an expired token waits for the lock, within its bound, and names who has it", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const holder = liveProcess();
  plantLock(refreshLockOf(home), holder, anHourMs);
  await expect(tokenRig({ simulator, home, limits: { refreshWaitMs: 60 } }).get()).rejects.toMatchObject({
    code: "TIMEOUT",
    message: expect.stringContaining(`process ${holder.pid}`) as string,
  });
  expect(simulator.requests).toEqual([]);
});

test("without a login, every call says so and leaves no lock or folder behind", async () => {
  const home = makeHome();
  const { get, tokens } = tokenRig({ simulator: await simulate(), home });
  await expect(get()).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
  expect(await tokens.signOut({ localOnly: false })).toMatchObject({ removed: undefined });
  expect(readdirSync(home.path)).toEqual([]);
});

test("a login of another origin is never sent anywhere, and both origins are named", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  for (const wrong of [{ issuer: "https://auth.other.test" }, { baseUrl: "https://api.other.test/x" }]) {
    const { issuer, baseUrl } = {
      ...simulator,
      issuer: simulator.issuer,
      baseUrl: simulator.baseUrl,
      ...wrong,
    };
    const error: unknown = await tokenRig({ simulator: { issuer, baseUrl }, home })
      .get()
      .catch((thrown: unknown) => thrown);
    // Not to sign in: whoever changed the setting would get the new login.
    expect(error).toMatchObject({
      code: "AUTH_REQUIRED",
      next: [unsetVariables("CODEX_ISSUER", "CODEX_BASE_URL")],
    });
    expect(String(error)).toMatch(/is for http:\/\/127\.0\.0\.1:\d+, not for https:\/\/\w+\.other\.test/);
  }
  expect(simulator.requests).toEqual([]);
});

test("the caller's signal ends the waiting, never the refresh", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const { tokens } = tokenRig({ simulator, home });
  const aborter = new AbortController();
  const call = tokens.getTokens(aborter.signal);
  const request = await simulator.waitForRequest("token:refresh");
  aborter.abort(new Error("cancelled"));
  await expect(call).rejects.toThrow("cancelled");
  gate.resolve(undefined);
  const { accessToken } = await tokens.getTokens(uncancelled());
  expect(request.closedBy).not.toBe("client");
  expect(home.record()).toMatchObject({ accessToken });
  expect(simulator.requests).toHaveLength(1);
});

test("the end of the server waits for a refresh that was sent, and for none that waits", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator, expired);
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const sender = tokenRig({ simulator, home });
  const sent = sender.get();
  await simulator.waitForRequest("token:refresh");
  const waiter = tokenRig({ simulator, home });
  const waiting = waiter.get();
  waiting.catch(() => undefined);
  await waiter.tokens.stop();
  await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  const stopped = sender.tokens.stop();
  gate.resolve(undefined);
  await stopped;
  expect(home.record()).toMatchObject({ refreshToken: simulator.family(refreshToken)?.current });
  await sent;
});

test("no refresh begins once the server is ending", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const { tokens, get } = tokenRig({ simulator, home });
  await tokens.stop();
  await expect(get()).rejects.toMatchObject({ code: "CANCELLED" });
  expect(simulator.requests).toEqual([]);
});

test("a state folder that cannot be used costs no refresh", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  writeFileSync(home.stateDir, "a file");
  await tokenRig({ simulator, home }).get();
  expect(simulator.stats.refreshes).toBe(1);
});
