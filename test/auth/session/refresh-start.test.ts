import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { StartRefresh } from "../../../src/app/session.ts";
import { fingerprint } from "../../../src/platform/random.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { claimsFolder, claimsOf } from "../../support/claims.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { claimAt, deadProcess, liveProcess, plantClaim, type PlantedClaim } from "../../support/owners.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";
import { storeLockOf, tokenRig, type TokenRig } from "../../support/token-rig.ts";

const minute = 60_000;
const expired = { accessExpiresInMs: -minute };

/** A window on an expired login, whose refresh process a test plays. */
async function windowWith(play: (args: readonly string[], window: Home & { refreshToken: string }) => unknown) {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const login = writeLogin(home, simulator, expired);
  const started: (readonly string[])[] = [];
  const process = { pid: 4711, ended: false };
  const start: StartRefresh = async (args) => {
    started.push(args);
    await play(args, { ...home, refreshToken: login.refreshToken });
    return process;
  };
  const rig = tokenRig({ simulator, home, clock, start });
  const get = (): ReturnType<TokenRig["get"]> => clock.until(rig.get());
  return { clock, simulator, home, login, rig, get, started, process };
}

/** The real refresh, as another process makes it. */
function refreshBy(other: TokenRig): StartRefresh {
  return ([accessToken = "", urgency]) => {
    const state = { pid: process.pid, ended: false };
    const end = (): void => void (state.ended = true);
    other.refresher.run(accessToken, urgency === "urgent", new AbortController().signal).then(end, end);
    return Promise.resolve(state);
  };
}

test("the process that is started gets a fingerprint and the urgency, and no token", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const login = writeLogin(home, simulator, expired);
  const started: (readonly string[])[] = [];
  const byOther = refreshBy(tokenRig({ simulator, home }));
  const start: StartRefresh = (args) => {
    started.push(args);
    return byOther(args);
  };
  const { refreshToken } = await tokenRig({ simulator, home, start }).get();
  expect(refreshToken).toBe(simulator.family(login.refreshToken)?.current);
  expect(started).toEqual([[fingerprint(login.accessToken), "urgent"]]);
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

test("twenty windows start one process, and all get its login", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  let started = 0;
  const byOther = refreshBy(tokenRig({ simulator, home }));
  const start: StartRefresh = (args) => {
    started++;
    return byOther(args);
  };
  const rigs = Array.from({ length: 20 }, () => tokenRig({ simulator, home, start }));
  const got = await Promise.all(rigs.map(({ get }) => get()));
  expect(started).toBe(1);
  expect(new Set(got.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(simulator.requests).toHaveLength(1);
});

test("a token that works for minutes is refreshed early, behind the call", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const login = writeLogin(home, simulator, { accessExpiresInMs: minute });
  const started = deferred<readonly string[]>();
  const start: StartRefresh = (args) => {
    started.resolve(args);
    return Promise.resolve({ pid: 1, ended: false });
  };
  const rig = tokenRig({ simulator, home, start });
  expect(await rig.get()).toMatchObject({ accessToken: login.accessToken });
  expect(await started.promise).toEqual([fingerprint(login.accessToken), "early"]);
  await rig.tokens.stop();
});

test("a process that cannot be started: the refresh runs in this one", async () => {
  const { get, simulator, login, home } = await windowWith(() => {
    throw new Error("spawn EAGAIN");
  });
  const { refreshToken } = await get();
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  expect(refreshToken).toBe(simulator.family(login.refreshToken)?.current);
  expect(home.record()).toMatchObject({ refreshToken });
});

test("a process that ends without a claim: the refresh runs in this one", async () => {
  const { get, simulator, login, started, process } = await windowWith(() => undefined);
  process.ended = true;
  expect(await get()).toMatchObject({ refreshToken: simulator.family(login.refreshToken)?.current });
  expect(started).toHaveLength(1);
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

test("a process that dies with its claim: one more is started, then the token rests", async () => {
  let number = 0;
  const { get, simulator, started, process, clock } = await windowWith((_, { refreshToken, ...home }) => {
    number++;
    plantClaim(home, refreshToken, { owner: deadProcess(), number, attempts: number - 1, at: clock.now() });
  });
  process.ended = true;
  const error = await failure(get());
  expect(error).toMatchObject({ code: "UPSTREAM", message: "The last refresh of the login had no clear outcome." });
  expect(started).toHaveLength(2);
  expect(simulator.requests).toEqual([]);
});

test("processes that die with claims of long ago are started three times at most", async () => {
  let number = 0;
  const { get, started, process, simulator } = await windowWith((_, { refreshToken, ...home }) => {
    // Of a clock that is far off: no rest is counted from it.
    plantClaim(home, refreshToken, { owner: deadProcess(), number: ++number, attempts: 0, at: 0 });
  });
  process.ended = true;
  expect((await failure(get())).code).toBe("TIMEOUT");
  expect(started).toHaveLength(3);
  expect(simulator.requests).toEqual([]);
});

test.each<[string, Omit<PlantedClaim, "owner">, object]>([
  [
    "not sent",
    { outcome: "unsent", error: { code: "NETWORK", message: "It broke.", why: "No route.", retryAfterMs: 5 } },
    { code: "NETWORK", message: "It broke.", details: { why: "No route.", retryAfterMs: 5 } },
  ],
  ["refused", { outcome: "refused", error: { code: "AUTH_EXPIRED", message: "Dead." } }, { message: "Dead." }],
  [
    "timed out",
    { outcome: "unknown", error: { code: "TIMEOUT", message: "Silence." } },
    { code: "TIMEOUT", message: "Silence." },
  ],
  [
    "granted and not saved",
    { outcome: "granted", error: { code: "STORAGE", message: "Full." } },
    { code: "STORAGE", message: "The login was refreshed, but could not be saved yet.", details: { why: "Full." } },
  ],
])("the caller is told how its process's request ended: %s", async (_, claim, expected) => {
  const { get, simulator, started } = await windowWith((__, { refreshToken, ...home }) => {
    plantClaim(home, refreshToken, { owner: liveProcess(), ...claim });
  });
  expect(await failure(get())).toMatchObject(expected);
  expect(started).toHaveLength(1);
  expect(simulator.requests).toEqual([]);
});

test("after a broken line one more process is started, and no third one", async () => {
  let number = 0;
  const { get, started, clock, process } = await windowWith((_, { refreshToken, ...home }) => {
    number++;
    const error = { code: "NETWORK", message: `Broken ${number}.` } as const;
    const claim = { outcome: "unknown", attempts: number - 1, at: clock.now(), error } as const;
    plantClaim(home, refreshToken, { owner: deadProcess(), number, ...claim });
  });
  process.ended = true;
  expect(await failure(get())).toMatchObject({ code: "NETWORK", message: "Broken 2." });
  expect(started).toHaveLength(2);
});

test("the wait for a process that is suspended before its claim ends", async () => {
  const { get, clock, started, home, login } = await windowWith(() => undefined);
  expect(await failure(get())).toMatchObject({
    code: "TIMEOUT",
    message: "Another program is refreshing the login and has not finished.",
  });
  expect(clock.elapsed()).toBe(20_000);
  expect(started).toHaveLength(1);
  expect(readdirSync(claimsFolder(home))).toEqual([`${fingerprint(login.refreshToken)}.1.start`]);
});

test("no process is started for a refresh that could not be saved", async () => {
  const { get, home, started } = await windowWith(() => undefined);
  writeFileSync(storeLockOf(home), "no lock");
  expect((await failure(get())).code).toBe("STORAGE");
  expect(started).toEqual([]);
});

test("a refresh that could not be saved takes its announcement back: the next call starts a process at once", async () => {
  const { get, rig, home, clock, started } = await windowWith(() => undefined);
  writeFileSync(storeLockOf(home), "no lock");
  expect((await failure(get())).code).toBe("STORAGE");
  expect(readdirSync(home.path)).toEqual(["auth.json", "auth.json.lock"]);
  rmSync(storeLockOf(home));
  const at = clock.elapsed();
  const call = failure(rig.get());
  while (started.length === 0) await clock.advance(0);
  expect(clock.elapsed()).toBe(at);
  await rig.tokens.stop();
  expect((await call).code).toBe("CANCELLED");
});

test("no process is started once the server is ending", async () => {
  const { get, rig, started, home } = await windowWith(() => undefined);
  await rig.tokens.stop();
  expect((await failure(get())).code).toBe("CANCELLED");
  expect(started).toEqual([]);
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("the end of the server ends the wait for its process", async () => {
  const { rig, started, clock } = await windowWith(() => undefined);
  const call = failure(rig.get());
  while (started.length === 0) await clock.advance(0);
  await rig.tokens.stop();
  expect((await call).code).toBe("CANCELLED");
  expect(clock.pending).toBe(0);
});

/** A spent token in the file whose successor is nowhere, as in a restored backup. */
test.each([
  ["dead", () => deadProcess(), undefined],
  ["dead, and could not save", () => deadProcess(), { code: "STORAGE", message: "Full." } as const],
])("a spent token whose owner is %s is AUTH_EXPIRED without a request or a process", async (_, owner, error) => {
  const { get, simulator, started, home, login } = await windowWith(() => undefined);
  const path = plantClaim(home, login.refreshToken, { owner: owner(), outcome: "granted", error });
  const before = [home.readAuth(), JSON.stringify(claimAt(path))];
  for (let call = 0; call < 3; call++) {
    expect(await failure(get())).toMatchObject({
      code: "AUTH_EXPIRED",
      details: { why: "Its refresh token was used before, and the login that came of it is not in the file." },
    });
  }
  expect([simulator.requests, started]).toEqual([[], []]);
  expect([home.readAuth(), JSON.stringify(claimAt(path))]).toEqual(before);
});

describe("a login that could not be saved", () => {
  /** A refresh in this process, after whose answer a file is in the lock's place: no save succeeds until it is gone. */
  async function unsaved() {
    const clock = fakeClock();
    const simulator = await simulate({ now: () => clock.now() });
    const home = makeHome();
    const login = writeLogin(home, simulator, expired);
    const gate = deferred<undefined>();
    simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
    const owner = tokenRig({ simulator, home, clock });
    const call = failure(owner.get());
    await simulator.waitForRequest("token:refresh");
    writeFileSync(storeLockOf(home), "no lock");
    const other = tokenRig({ simulator, home, clock });
    const current = (): string | undefined => simulator.family(login.refreshToken)?.current;
    const mend = (): void => {
      rmSync(storeLockOf(home));
    };
    let saving = true as boolean; // the compiler does not see the callback run
    void owner.refresher.settled().then(() => (saving = false));
    gate.resolve(undefined);
    const reasons = await clock.until(Promise.all([call, failure(other.get())]));
    expect(saving).toBe(true);
    /** Lets time pass until the save has succeeded, or nothing is left to save. */
    const settled = (): Promise<void> => clock.until(owner.refresher.settled(), 5_000);
    return { clock, simulator, home, login, owner, other, current, reasons, mend, settled };
  }

  test("is told to every caller with the reason while the save goes on, and its token is not used a second time", async () => {
    const { simulator, home, login, owner, other, current, reasons, mend, settled } = await unsaved();
    for (const reason of reasons) {
      expect(reason).toMatchObject({
        code: "STORAGE",
        message: "The login was refreshed, but could not be saved yet.",
        details: { why: `The lock ${storeLockOf(home)} cannot be used.` },
      });
    }
    for (const { tokens, get } of [owner, other]) {
      expect((await failure(get())).code).toBe("STORAGE");
      expect(await tokens.state()).toMatchObject({
        tokens: { refreshToken: login.refreshToken },
        unsaved: { code: "STORAGE" },
      });
    }
    mend();
    await settled();
    expect(home.record()).toMatchObject({ refreshToken: current() });
    for (const { tokens, get } of [owner, other]) {
      expect(await get()).toMatchObject({ refreshToken: current() });
      expect((await tokens.state()).unsaved).toBeUndefined();
    }
    expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  });

  test("is saved at the end of the server, which waits for it", async () => {
    const { clock, home, owner, current, mend } = await unsaved();
    mend();
    await clock.until(owner.tokens.stop());
    expect(home.record()).toMatchObject({ refreshToken: current() });
    expect(clock.pending).toBe(0);
  });

  test("is tried a last time at the end of the server, and nothing waits any more", async () => {
    const { clock, home, login, owner, other } = await unsaved();
    await owner.tokens.stop();
    await other.tokens.stop();
    expect(clock.pending).toBe(0);
    expect(home.record()).toMatchObject({ refreshToken: login.refreshToken });
    expect(claimsOf(home)).toMatchObject([{ outcome: "granted" }]);
  });

  test("does not come back after a sign-out", async () => {
    const { clock, home, simulator, owner, other, current, mend, settled } = await unsaved();
    writeFileSync(home.authFile, "{}");
    mend();
    await settled();
    for (const { get } of [owner, other]) expect(await failure(get())).toMatchObject({ code: "AUTH_REQUIRED" });
    await clock.until(owner.tokens.stop());
    expect(home.record()).toBeUndefined();
    expect((await simulator.waitForRequest("revoke")).json).toMatchObject({ token: current() });
  });

  test("does not take the place of a later sign-in", async () => {
    const { clock, simulator, home, owner, other, mend, settled } = await unsaved();
    const { refreshToken, accessToken } = writeLogin(home, simulator, { extraFields: { generation: clock.now() } });
    mend();
    await settled();
    for (const { get } of [owner, other]) expect(await get()).toMatchObject({ accessToken });
    expect(home.record()).toMatchObject({ refreshToken });
  });
});

test("a refresh in this process that fails before its request is told, and not begun again", async () => {
  const { get, home, simulator, clock } = await windowWith(() => {
    // The process can't be started, and from now on nothing can be saved.
    writeFileSync(storeLockOf(home), "no lock");
    throw new Error("spawn EAGAIN");
  });
  expect(await failure(get())).toMatchObject({
    code: "STORAGE",
    message: `The lock ${storeLockOf(home)} cannot be used.`,
  });
  expect(simulator.requests).toEqual([]);
  expect(claimsOf(home)).toEqual([]);
  expect(clock.pending).toBe(0);
});
