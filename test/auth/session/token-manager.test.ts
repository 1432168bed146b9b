import { readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isExpired } from "../../../src/auth/oauth/token-set.ts";
import { unsetVariables } from "../../../src/shared/next-step.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { act, retry } from "../../../src/shared/next-step.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { anHourMs, claimAt, liveProcess, plantClaim, plantForeignLock } from "../../support/owners.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";
import { frozenClock, storeLockOf, tokenRig, uncancelled } from "../../support/token-rig.ts";

const minute = 60_000;
const expired = { accessExpiresInMs: -minute };

/** Waits until the login in the file is another one. */
async function refreshed(home: Home, { accessToken }: { accessToken: string }): Promise<void> {
  while (home.record()?.["accessToken"] === accessToken) await new Promise((resolve) => setImmediate(resolve));
}

test.each([
  ["six minutes", 6 * minute],
  ["five minutes and a second", 5 * minute + 1_000],
])("makes no refresh for a token with %s left", async (_, leftMs) => {
  const clock = frozenClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const { accessToken } = writeLogin(home, simulator, { accessExpiresInMs: leftMs });
  const { get, tokens } = tokenRig({ simulator, home, clock });
  for (let call = 0; call < 10; call++) expect(await get()).toMatchObject({ accessToken });
  await tokens.stop();
  expect(simulator.requests).toEqual([]);
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test.each([
  ["five minutes", 5 * minute],
  ["four minutes and 59 seconds", 5 * minute - 1_000],
  ["a second", 1_000],
])("a token with %s left is used at once, and refreshed once for the next call", async (_, leftMs) => {
  const clock = frozenClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const stored = writeLogin(home, simulator, { accessExpiresInMs: leftMs });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", beforeCommit: gate.promise });
  const { get, tokens } = tokenRig({ simulator, home, clock });
  expect(await get()).toMatchObject({ accessToken: stored.accessToken });
  await simulator.waitForRequest("token:refresh");
  expect(await get()).toMatchObject({ accessToken: stored.accessToken });
  gate.resolve(undefined);
  await refreshed(home, stored);
  expect(await get()).toMatchObject({ accessToken: home.record()?.["accessToken"] });
  await tokens.stop();
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  expect(simulator.requests).toHaveLength(1);
});

test("a token with no time left is refreshed before the call has one", async () => {
  const clock = frozenClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const stored = writeLogin(home, simulator, { accessExpiresInMs: 0 });
  const got = await tokenRig({ simulator, home, clock }).get();
  expect(simulator.stats.refreshes).toBe(1);
  expect(got.accessToken).not.toBe(stored.accessToken);
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

test("refreshes once when twenty windows find the token expired", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator, expired);
  const rigs = Array.from({ length: 20 }, () => tokenRig({ simulator, home }));
  const got = await Promise.all(rigs.map(({ get }) => get()));
  expect(simulator.requests).toHaveLength(1);
  expect(got.every((tokens) => !isExpired(tokens, Date.now()))).toBe(true);
  expect(home.record()).toMatchObject({
    refreshToken: simulator.family(refreshToken)?.current,
    generation: 1,
  });
});

test("refreshes once when twenty windows find the token about to expire, and none of them waits", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const stored = writeLogin(home, simulator, { accessExpiresInMs: minute });
  const rigs = Array.from({ length: 20 }, () => tokenRig({ simulator, home }));
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", beforeCommit: gate.promise });
  for (let round = 0; round < 2; round++) {
    const got = await Promise.all(rigs.map(({ get }) => get()));
    expect(new Set(got.map(({ accessToken }) => accessToken))).toEqual(new Set([stored.accessToken]));
  }
  gate.resolve(undefined);
  await refreshed(home, stored);
  const got = await Promise.all(rigs.map(({ get }) => get()));
  expect(new Set(got.map(({ accessToken }) => accessToken))).toEqual(new Set([home.record()?.["accessToken"]]));
  await Promise.all(rigs.map(({ tokens }) => tokens.stop()));
  expect(simulator.requests).toHaveLength(1);
  expect(home.record()).toMatchObject({
    refreshToken: simulator.family(stored.refreshToken)?.current,
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
  const clock = fakeClock();
  const simulator = await simulate({
    now: () => clock.now(),
    tokenLifetimeMs: anHourMs,
    switches: { rotateRefreshTokens: false },
  });
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const { get } = tokenRig({ simulator, home, clock });
  for (const refreshes of [1, 2, 3]) {
    await clock.until(get());
    expect(simulator.stats.refreshes).toBe(refreshes);
    await clock.advance(anHourMs);
  }
});

test("uses the present token at once while another process refreshes it", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const stored = writeLogin(home, simulator, { accessExpiresInMs: 4 * minute });
  const path = plantClaim(home, stored.refreshToken, { owner: liveProcess() });
  const before = claimAt(path);
  const clock = {
    ...frozenClock(),
    timer: () => {
      throw new Error("nothing may wait");
    },
  };
  const { get, tokens } = tokenRig({ simulator, home, clock });
  for (let call = 0; call < 5; call++) expect(await get()).toMatchObject({ accessToken: stored.accessToken });
  await tokens.stop();
  expect(simulator.requests).toEqual([]);
  expect(claimAt(path)).toEqual(before);
});

test("uses the present token at once while a process that hangs holds the login file's lock", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const stored = writeLogin(home, simulator, { accessExpiresInMs: 4 * minute });
  plantForeignLock(storeLockOf(home), 0);
  const { get, tokens } = tokenRig({ simulator, home, clock });
  expect(await get()).toMatchObject({ accessToken: stored.accessToken });
  expect(clock.elapsed()).toBe(0);
  expect(simulator.requests).toEqual([]);
  rmdirSync(storeLockOf(home));
  await clock.until(tokens.stop());
});

test("an expired token waits for the process that refreshes it, within its bound, and names it", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator, expired);
  const owner = liveProcess();
  plantClaim(home, refreshToken, { owner });
  const error = await clock.until(failure(tokenRig({ simulator, home, clock }).get()));
  expect(error).toMatchObject({
    code: "TIMEOUT",
    message: `Process ${owner.pid} is refreshing the login and has not finished.`,
    details: { next: [retry, act("End that process if it hangs")] },
  });
  expect(clock.elapsed()).toBe(20_000);
  expect(simulator.requests).toEqual([]);
});

test("what the other process has refreshed is used as soon as it is in the file", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator, expired);
  plantClaim(home, refreshToken, { owner: liveProcess() });
  const waiting = tokenRig({ simulator, home });
  const call = waiting.get();
  await new Promise((resolve) => setImmediate(resolve));
  const { accessToken } = writeLogin(home, simulator);
  expect(await call).toMatchObject({ accessToken });
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
