import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { makeHome, writeLogin } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";
import { simulate } from "../../support/server.ts";
import { tokenRig, uncancelled } from "../../support/token-rig.ts";

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

test.each([
  ["is about to expire", minute],
  ["has an hour", 60 * minute],
])("a token that %s is used from a read-only folder", async (_, accessExpiresInMs) => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken } = writeLogin(home, simulator, { accessExpiresInMs });
  chmodSync(home.authFile, 0o644);
  chmodSync(home.path, 0o555);
  const { get } = tokenRig({ simulator, home });
  expect(await withoutPrivileges(get)).toMatchObject({ accessToken });
  expect(simulator.requests).toEqual([]);
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
