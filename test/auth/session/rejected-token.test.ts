import { chmodSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { renderNext } from "../../../src/render/next-step.ts";
import type { Reply, Simulator } from "../../simulator/index.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";
import { frozenClock, tokenRig, uncancelled } from "../../support/token-rig.ts";

const minute = 60_000;

test("a token that the API refused is refreshed though it has time left", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { tokens, get } = tokenRig({ simulator, home });
  const rejected = await get();
  const next = await tokens.replaceRejected(rejected, uncancelled());
  expect(next.accessToken).not.toBe(rejected.accessToken);
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

test("twenty windows whose token was refused refresh it once", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const rigs = Array.from({ length: 20 }, () => tokenRig({ simulator, home }));
  await Promise.all(rigs.map(async ({ tokens, get }) => tokens.replaceRejected(await get(), uncancelled())));
  expect(simulator.requests).toHaveLength(1);
});

test("what another window stored meanwhile is used without a request", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { tokens, get } = tokenRig({ simulator, home });
  const rejected = await get();
  const { accessToken } = writeLogin(home, simulator);
  expect(await tokens.replaceRejected(rejected, uncancelled())).toMatchObject({ accessToken });
  expect(simulator.requests).toEqual([]);
});

test("what another window stored meanwhile is refreshed when it has expired, too", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { tokens, get } = tokenRig({ simulator, home });
  const rejected = await get();
  writeLogin(home, simulator, { accessExpiresInMs: -minute });
  const next = await tokens.replaceRejected(rejected, uncancelled());
  expect(next.expiresAt).toBeGreaterThan(Date.now());
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

/** A granted access token that has no time left. */
function expired(simulator: Simulator): object {
  return { access_token: simulator.issueTokens({ accessExpiresInMs: -minute }).accessToken, expires_in: 0 };
}

/** The server's answer with these fields, from a clock that differs by so much. */
function withDate(skewMs: number, fields: object): Reply {
  const date = new Date(Date.now() + skewMs).toUTCString();
  return {
    kind: "default",
    adapt: (answer) =>
      answer.kind === "json"
        ? { ...answer, headers: { ...answer.headers, date }, body: { ...(answer.body as object), ...fields } }
        : answer,
  };
}

test.each<[string, number, string | undefined, RegExp]>([
  ["agrees", 0, undefined, /codex_login/],
  ["is a minute behind", -minute, undefined, /codex_login/],
  [
    "is an hour behind",
    -60 * minute,
    "This machine's clock is 60 minutes ahead of the server's.",
    /Correct this machine's clock/,
  ],
  [
    "is two minutes ahead",
    2 * minute + 1_000,
    "This machine's clock is 2 minutes behind the server's.",
    /Correct this machine's clock/,
  ],
])("a new token that has expired already is not refreshed again; the server's clock %s", async (_, skew, why, next) => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { tokens, get } = tokenRig({ simulator, home });
  simulator.next("token:refresh", withDate(skew, expired(simulator)));
  const issued = await tokens.replaceRejected(await get(), uncancelled());
  for (let call = 0; call < 3; call++) {
    const error = await failure(tokens.replaceRejected(issued, uncancelled()));
    expect(error).toMatchObject({
      code: "AUTH_EXPIRED",
      message: "The service refuses the login that it has just renewed.",
      details: { why },
    });
    expect(renderNext(error, "mcp")).toMatch(next);
  }
  expect(simulator.requests).toHaveLength(1);
});

test("a new token that is refused though it has time left is refreshed again", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { tokens, get } = tokenRig({ simulator, home });
  const first = await tokens.replaceRejected(await get(), uncancelled());
  expect(first.expiresAt).toBeGreaterThan(Date.now());
  const second = await tokens.replaceRejected(first, uncancelled());
  expect(second.accessToken).not.toBe(first.accessToken);
  expect(await get()).toMatchObject({ accessToken: second.accessToken });
  expect(simulator.requests).toHaveLength(2);
  expect(simulator.stats).toMatchObject({ refreshes: 2, replays: 0 });
});

test("a token that came expired a minute ago is refreshed again", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  writeLogin(home, simulator);
  const { tokens, get } = tokenRig({ simulator, home, clock });
  simulator.next("token:refresh", withDate(0, expired(simulator)));
  const issued = await clock.until(tokens.replaceRejected(await get(), uncancelled()));
  // `until` may have moved the clock on after the refresh.
  await clock.advance(55_000);
  expect(await failure(tokens.replaceRejected(issued, uncancelled()))).toMatchObject({ code: "AUTH_EXPIRED" });
  await clock.advance(5_000);
  const next = await clock.until(tokens.replaceRejected(issued, uncancelled()));
  expect(next.accessToken).not.toBe(issued.accessToken);
  expect(simulator.stats).toMatchObject({ refreshes: 2, replays: 0 });
});

test("a fresh token that has expired already by this machine's clock is used, and not refreshed again", async () => {
  const simulator = await simulate({ tokenLifetimeMs: 60 * minute });
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -2 * 60 * minute });
  const clock = frozenClock(Date.now() + 90 * minute);
  const { get } = tokenRig({ simulator, home, clock });
  const { accessToken } = await get();
  for (let call = 0; call < 3; call++) expect(await get()).toMatchObject({ accessToken });
  expect(simulator.requests).toHaveLength(1);
});

test.each([
  ["is about to expire", minute],
  ["has an hour", 60 * minute],
])("a token that %s is used from a read-only folder", async (_, accessExpiresInMs) => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken } = writeLogin(home, simulator, { accessExpiresInMs });
  chmodSync(home.authFile, 0o644);
  chmodSync(home.path, 0o555);
  const { get, tokens } = tokenRig({ simulator, home });
  await withoutPrivileges(async () => {
    for (let call = 0; call < 5; call++) expect(await get()).toMatchObject({ accessToken });
    await tokens.stop();
  });
  expect(simulator.requests).toEqual([]);
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
  chmodSync(home.path, 0o755);
});

test("an expired token in a read-only folder is an error, and is not refreshed", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -minute });
  chmodSync(home.authFile, 0o644);
  chmodSync(home.path, 0o555);
  const { get } = tokenRig({ simulator, home });
  const error: unknown = await withoutPrivileges(() => get().catch((thrown: unknown) => thrown));
  expect(error).toMatchObject({ code: "STORAGE", details: { why: "The rights do not allow it." } });
  expect(String(error)).toContain(home.authFile);
  expect(simulator.requests).toEqual([]);
  chmodSync(home.path, 0o755);
});
