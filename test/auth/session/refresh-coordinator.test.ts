import { expect, test } from "vitest";
import { refreshErrorBody, type Reply } from "../../simulator/index.ts";
import { claimsOf } from "../../support/claims.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { frozenClock, tokenRig } from "../../support/token-rig.ts";

const minute = 60_000;
const expired = { accessExpiresInMs: -minute };
const stillGood = { accessExpiresInMs: minute };

test.each([
  ["refresh_token_reused", 401],
  ["refresh_token_expired", 401],
  ["refresh_token_invalidated", 401],
  ["refresh_token_reused", 400],
] as const)("%s (HTTP %d) is asked once in all windows and deletes nothing", async (code, status) => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const before = home.readAuth();
  simulator.next("token:refresh", { kind: "json", status, body: refreshErrorBody(code) });
  const rigs = Array.from({ length: 5 }, () => tokenRig({ simulator, home }));
  const first = rigs[0]?.get();
  await expect(first).rejects.toMatchObject({
    code: "AUTH_EXPIRED",
    details: { why: `Its refresh token was refused (${code}).` },
  });
  for (const { get } of [...rigs, ...rigs]) {
    await expect(get()).rejects.toMatchObject({ code: "AUTH_EXPIRED" });
  }
  expect(simulator.requests).toHaveLength(1);
  expect(home.readAuth()).toBe(before);
});

test("a new login ends the memory of the refused one", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  simulator.next("token:refresh", {
    kind: "json",
    status: 401,
    body: refreshErrorBody("refresh_token_expired"),
  });
  const { get } = tokenRig({ simulator, home });
  await expect(get()).rejects.toMatchObject({ code: "AUTH_EXPIRED" });
  writeLogin(home, simulator, expired);
  await get();
  expect(simulator.stats.refreshes).toBe(1);
});

/** Waits until the newest claim in the home has an outcome. */
async function ended(home: Home): Promise<void> {
  while (!claimsOf(home).some(({ outcome }) => outcome !== undefined)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a refused token is used as long as it works", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken } = writeLogin(home, simulator, stillGood);
  simulator.next("token:refresh", {
    kind: "json",
    status: 401,
    body: refreshErrorBody("refresh_token_expired"),
  });
  const { get, tokens } = tokenRig({ simulator, home });
  expect(await get()).toMatchObject({ accessToken });
  await ended(home);
  for (let call = 0; call < 5; call++) expect(await get()).toMatchObject({ accessToken });
  await tokens.stop();
  expect(simulator.requests).toHaveLength(1);
  expect(claimsOf(home)).toMatchObject([{ outcome: "refused" }]);
});

const troubles: [string, Reply, { code: string }][] = [
  ["HTTP 500", { kind: "json", status: 500, body: {} }, { code: "UPSTREAM" }],
  ["HTTP 502 with a page", { kind: "html", status: 502, headers: {} }, { code: "UPSTREAM" }],
  ["a reset before the commit", { kind: "reset" }, { code: "NETWORK" }],
  ["a closed connection", { kind: "close" }, { code: "NETWORK" }],
];

test.each(troubles)("%s: a token that is still valid is not refreshed again", async (_, reply) => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken } = writeLogin(home, simulator, stillGood);
  simulator.next("token:refresh", reply);
  const rigs = Array.from({ length: 3 }, () => tokenRig({ simulator, home }));
  expect(await rigs[0]?.get()).toMatchObject({ accessToken });
  await ended(home);
  for (const { get } of [...rigs, ...rigs]) expect(await get()).toMatchObject({ accessToken });
  await Promise.all(rigs.map(({ tokens }) => tokens.stop()));
  expect(simulator.requests).toHaveLength(1);
});

test.each(troubles)("%s: an expired token gets one more attempt at once", async (_, reply, error) => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  simulator.next("token:refresh", reply);
  await tokenRig({ simulator, home }).get();
  expect(simulator.requests).toHaveLength(2);

  simulator.reset();
  writeLogin(home, simulator, expired);
  simulator.next("token:refresh", reply, reply);
  await expect(tokenRig({ simulator, home }).get()).rejects.toMatchObject(error);
  expect(simulator.requests).toHaveLength(2);
});

test("after two attempts without outcome all windows rest for half a minute", async () => {
  const clock = frozenClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -120 * minute });
  simulator.always("token:refresh", { kind: "json", status: 500, body: {} });
  const rigs = Array.from({ length: 3 }, () => tokenRig({ simulator, home, clock }));
  const allFail = async (): Promise<void> => {
    for (const { get } of rigs) await expect(get()).rejects.toMatchObject({ code: "UPSTREAM" });
  };
  await allFail();
  expect(simulator.requests).toHaveLength(2);
  clock.set(clock.now() + 30_000);
  await allFail();
  expect(simulator.requests).toHaveLength(3);
  // A clock that was set back does not make the rest longer.
  clock.set(clock.now() - 60 * minute);
  simulator.always("token:refresh", { kind: "default" });
  await rigs[0]?.get();
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

test("a token lost after its commit is tried once more, and then never again", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  simulator.next("token:refresh", { kind: "default", then: "reset" });
  const rigs = Array.from({ length: 3 }, () => tokenRig({ simulator, home }));
  for (const { get } of rigs) await expect(get()).rejects.toMatchObject({ code: "AUTH_EXPIRED" });
  expect(simulator.requests).toHaveLength(2);
});

test("429 is obeyed by all windows for as long as it asks", async () => {
  const clock = frozenClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  writeLogin(home, simulator, expired);
  simulator.next("token:refresh", {
    kind: "json",
    status: 429,
    headers: { "retry-after": "120" },
    body: {},
  });
  const rigs = Array.from({ length: 3 }, () => tokenRig({ simulator, home, clock }));
  for (const { get } of rigs) {
    const limited = { code: "RATE_LIMITED", details: { retryAfterMs: 120_000 } };
    await expect(get()).rejects.toMatchObject(limited);
  }
  expect(simulator.requests).toHaveLength(1);
  clock.set(clock.now() + 120_000);
  await rigs[1]?.get();
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

test("a connection that was never made does not count as an attempt", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const unreachable = { issuer: "http://127.0.0.1:9", baseUrl: simulator.baseUrl };
  writeLogin(home, simulator, { ...expired, extraFields: { issuer: unreachable.issuer } });
  const offline = tokenRig({ simulator: unreachable, home });
  for (let call = 0; call < 4; call++) {
    await expect(offline.get()).rejects.toMatchObject({ code: "NETWORK" });
  }
});
