import { rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { deferred } from "../../../src/platform/promises.ts";
import type { Simulator } from "../../simulator/index.ts";
import { fakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { storeLockOf, tokenRig, uncancelled, type TokenRig } from "../../support/token-rig.ts";

const minute = 60_000;

interface UnsavedRefresh {
  clock: FakeClock;
  simulator: Simulator;
  home: Home;
  rig: TokenRig;
  usedToken: string;
  tokens: TokenSet;
  /** Makes the file writable again. */
  mend: () => void;
}

/** A refresh after which the file could not be written: a file is in its lock's place. */
async function unsavedRefresh(): Promise<UnsavedRefresh> {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const { refreshToken: usedToken } = writeLogin(home, simulator, { accessExpiresInMs: -minute });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const rig = tokenRig({ simulator, home, clock });
  const call = rig.get();
  await simulator.waitForRequest("token:refresh");
  writeFileSync(storeLockOf(home), "no lock");
  gate.resolve(undefined);
  const tokens = await call;
  const mend = (): void => {
    rmSync(storeLockOf(home));
  };
  return { clock, simulator, home, rig, usedToken, tokens, mend };
}

/** Lets time pass until nothing is left to save. */
async function saved({ rig, clock }: UnsavedRefresh): Promise<void> {
  while ((await rig.tokens.state()).unsaved !== undefined) await clock.advance(1_000);
}

test("the new token is used from memory, and the reason is reported", async () => {
  const { home, rig, usedToken, tokens } = await unsavedRefresh();
  expect(await rig.get()).toEqual(tokens);
  expect(await rig.tokens.state()).toMatchObject({
    tokens: { accessToken: tokens.accessToken },
    unsaved: { code: "STORAGE" },
  });
  expect(home.record()).toMatchObject({ refreshToken: usedToken });
});

test("it is saved as soon as that is possible", async () => {
  const unsaved = await unsavedRefresh();
  await unsaved.clock.advance(5_000); // the first attempt, in vain
  unsaved.mend();
  await saved(unsaved);
  expect(unsaved.home.record()).toMatchObject({ refreshToken: unsaved.tokens.refreshToken });
});

test("it is saved at the end of the server", async () => {
  const { home, rig, tokens, mend } = await unsavedRefresh();
  mend();
  await rig.tokens.stop();
  expect(home.record()).toMatchObject({ refreshToken: tokens.refreshToken });
});

test("it can be refreshed in turn, and the last one is saved", async () => {
  const { simulator, home, rig, usedToken, tokens, mend } = await unsavedRefresh();
  // With the lock blocked no token is used.
  await expect(rig.tokens.replaceRejected(tokens, uncancelled())).rejects.toMatchObject({
    code: "STORAGE",
  });
  mend();
  const last = await rig.tokens.replaceRejected(tokens, uncancelled());
  expect(home.record()).toMatchObject({ refreshToken: last.refreshToken });
  expect(simulator.family(usedToken)?.current).toBe(last.refreshToken);
  expect(await rig.tokens.state()).toMatchObject({ unsaved: undefined });
  expect(simulator.stats).toMatchObject({ refreshes: 2, replays: 0 });
});

test("another window does not use the stored token a second time", async () => {
  const unsaved = await unsavedRefresh();
  const { clock, simulator, home, tokens } = unsaved;
  unsaved.mend();
  const other = tokenRig({ simulator, home, clock });
  await expect(other.get()).rejects.toMatchObject({ code: "STORAGE" });
  expect(simulator.requests).toHaveLength(1);
  await saved(unsaved);
  expect(await other.get()).toMatchObject({ accessToken: tokens.accessToken });
});

test("a login cleared meanwhile does not come back from memory", async () => {
  const { home, rig, mend } = await unsavedRefresh();
  mend();
  await rig.tokens.signOut({ localOnly: true });
  await rig.tokens.stop();
  expect(home.record()).toBeUndefined();
  await expect(rig.get()).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
});

test("a login made meanwhile counts in place of the one in memory", async () => {
  const { clock, simulator, home, rig, mend } = await unsavedRefresh();
  const { refreshToken, accessToken } = writeLogin(home, simulator, {
    extraFields: { generation: clock.now() },
  });
  mend();
  expect(await rig.get()).toMatchObject({ accessToken });
  await rig.tokens.stop();
  expect(home.record()).toMatchObject({ refreshToken });
});

test("once the program ends it is tried a last time, and nothing waits any more", async () => {
  const { rig, clock, home, usedToken, mend } = await unsavedRefresh();
  expect(clock.pending).toBe(1);
  await rig.tokens.stop();
  expect(clock.pending).toBe(0);
  mend();
  await clock.advance(60 * minute);
  expect(home.record()).toMatchObject({ refreshToken: usedToken });
});
