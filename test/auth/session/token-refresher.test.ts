import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { createSession } from "../../../src/app/session.ts";
import type { Clock } from "../../../src/platform/clock.ts";
import { fingerprint } from "../../../src/platform/random.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import { refreshErrorBody, type IssuedTokens, type Reply } from "../../simulator/index.ts";
import { testPlatform } from "../../support/app.ts";
import { claimsFolder, claimsOf } from "../../support/claims.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin, type LoginOptions } from "../../support/home.ts";
import { claimAt, deadProcess, liveProcess, plantClaim } from "../../support/owners.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";
import { uncancelled } from "../../support/token-rig.ts";

const minute = 60_000;

/** The refresh of one process on an expired login, with a clock that a test can also let jump. */
async function refresh(options: LoginOptions = {}) {
  const fake = fakeClock();
  const jumps = { now: 0, elapsed: 0 };
  const clock: Clock = {
    ...fake,
    now: () => fake.now() + jumps.now,
    elapsed: () => fake.elapsed() + jumps.elapsed,
  };
  const simulator = await simulate({ now: () => fake.now() });
  const home = makeHome();
  const login = writeLogin(home, simulator, { accessExpiresInMs: -minute, ...options });
  const { refresher, store, claims, endpoint, orphanedTokens, tokens } = createSession(
    testPlatform({ simulator, home, clock, takeLog: () => undefined }),
    undefined,
  );
  const stopping = new AbortController();
  const begin = (urgent = true): Promise<void> =>
    refresher.run(fingerprint(login.accessToken), urgent, stopping.signal);
  /** Runs to the end of the save. */
  const run = (urgent = true): Promise<void> => fake.until(begin(urgent));
  /** The check after the save, too. */
  const settled = (): Promise<void> =>
    fake.until(Promise.all([refresher.settled(), orphanedTokens.settled()]).then(() => undefined));
  const current = (): string | undefined => simulator.family(login.refreshToken)?.current;
  const claim = (number = 1) => claimAt(`${claimsFolder(home)}/${fingerprint(login.refreshToken)}.${number}`);
  const names = (): string[] => readdirSync(home.path).sort();
  return {
    ...{ fake, jumps, simulator, home, login, refresher, store, claims, endpoint, stopping },
    ...{ tokens, begin, run, settled, current, claim, names },
  };
}

type Refresh = Awaited<ReturnType<typeof refresh>>;

/** Puts back a login as it was, without the lock. */
function putBack({ home, simulator }: Refresh, tokens: IssuedTokens, others = {}): void {
  writeLogin(home, simulator, { extraFields: tokens as unknown as Record<string, unknown>, others });
}

/** Runs something of a test right before a method of one of the refresh's parts. */
function before<K extends string>(part: Record<K, unknown>, method: K, run: () => void, nth = 1): void {
  const original = part[method] as (...args: unknown[]) => unknown;
  let calls = 0;
  part[method] = (...args: unknown[]) => {
    if (++calls === nth) run();
    return original.apply(part, args);
  };
}

/** Runs something once the request has a connection, right before the last look. */
function withConnection({ endpoint }: Refresh, run: () => void): void {
  const original = endpoint.refresh.bind(endpoint);
  endpoint.refresh = (token, beforeSend) =>
    original(token, () => {
      run();
      beforeSend?.();
    });
}

test("a spent login that comes back later, from a backup say, is dead at once for the process that refreshed it, too", async () => {
  const rig = await refresh();
  await rig.run();
  await rig.settled();
  putBack(rig, { ...rig.login, expiresAt: 0 });
  const error = await failure(rig.fake.until(rig.tokens.getTokens(uncancelled())));
  expect(error).toMatchObject({
    code: "AUTH_EXPIRED",
    details: { why: "Its refresh token was used before, and the login that came of it is not in the file." },
  });
  expect(rig.fake.elapsed()).toBe(500);
  expect(rig.simulator.requests).toHaveLength(1);
});

test("a refresh saves the successor of the token, and its claim says so", async () => {
  const rig = await refresh();
  const { home, login, simulator } = rig;
  await rig.run();
  expect(home.record()).toMatchObject({ refreshToken: rig.current(), generation: 1 });
  expect(home.record()?.["refreshToken"]).not.toBe(login.refreshToken);
  expect(rig.claim()).toMatchObject({ accessToken: fingerprint(login.accessToken), attempts: 0, outcome: "refused" });
  await rig.settled();
  expect(rig.names()).toEqual(["auth.json", "auth.json.claims"]);
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

describe("nothing is sent, and nothing is left behind", () => {
  const nothing = ({ simulator, names }: Refresh): void => {
    expect(simulator.requests).toEqual([]);
    expect(names()).toEqual(["auth.json"]);
  };

  test("for an access token that is not in the file any more", async () => {
    const rig = await refresh();
    await rig.refresher.run(fingerprint("another one"), true, uncancelled());
    nothing(rig);
  });

  test("if another process has saved before the claim", async () => {
    const rig = await refresh();
    before(rig.claims as never, "create" as never, () => writeLogin(rig.home, rig.simulator));
    await rig.run();
    nothing(rig);
  });

  test("if another process has saved the same access token with another refresh token", async () => {
    const rig = await refresh();
    const { accessToken } = rig.login;
    before(rig.claims as never, "create" as never, () => {
      writeLogin(rig.home, rig.simulator, { extraFields: { accessToken } });
    });
    await rig.run();
    nothing(rig);
  });

  test.each([
    ["signed out", "{}"],
    ["chosen another way", '{"codex":{"version":1,"mode":"api-key","generation":2}}'],
  ])("if somebody has %s before the claim", async (_, content) => {
    const rig = await refresh();
    before(rig.claims as never, "create" as never, () => {
      writeFileSync(rig.home.authFile, content);
    });
    expect((await failure(rig.run())).code).toBe("AUTH_REQUIRED");
    nothing(rig);
  });

  test("for a login of another origin", async () => {
    const rig = await refresh({ extraFields: { issuer: "https://auth.other.test" } });
    expect((await failure(rig.run())).code).toBe("AUTH_REQUIRED");
    nothing(rig);
  });

  test("if the program is ending", async () => {
    const rig = await refresh();
    rig.stopping.abort(new CodexError("CANCELLED", "It ends."));
    expect((await failure(rig.run())).code).toBe("CANCELLED");
    nothing(rig);
  });

  test("if the successor could not be saved", async () => {
    const rig = await refresh();
    writeFileSync(`${rig.home.authFile}.lock`, "no lock");
    expect((await failure(rig.run())).code).toBe("STORAGE");
    rmSync(`${rig.home.authFile}.lock`);
    nothing(rig);
  });

  test.each<[string, (rig: Refresh) => void]>([
    ["sixteen seconds of running time have passed", ({ jumps }) => (jumps.elapsed += 16_001)],
    ["the clock was set ahead by as much", ({ jumps }) => (jumps.now += 16_001)],
    ["the clock was set back by as much", ({ jumps }) => (jumps.now -= 16_001)],
  ])("if %s since the claim, before or after connecting", async (_, jump) => {
    const early = await refresh();
    before(
      early.store as never,
      "read" as never,
      () => {
        jump(early);
      },
      2,
    );
    await early.run();
    nothing(early);
    const late = await refresh();
    withConnection(late, () => {
      jump(late);
    });
    await late.run();
    expect(late.simulator.requests).toEqual([]);
    expect(late.names()).toEqual(["auth.json"]);
  });
});

test.each(["now", "elapsed"] as const)("sixteen seconds by the clock's %s are not too late", async (time) => {
  const rig = await refresh();
  withConnection(rig, () => (rig.jumps[time] += 15_999));
  await rig.run();
  expect(rig.simulator.stats.refreshes).toBe(1);
});

test.each<[string, (rig: Refresh, plant: () => void) => void]>([
  [
    "before connecting",
    ({ store }, plant) => {
      before(store as never, "read" as never, plant, 2);
    },
  ],
  ["while connecting", withConnection],
])("a newer claim that appears %s keeps the request from being sent, and stays", async (_, hook) => {
  const rig = await refresh();
  hook(rig, () => {
    plantClaim(rig.home, rig.login.refreshToken, { owner: liveProcess(), number: 2 });
  });
  await rig.run();
  expect(rig.simulator.requests).toEqual([]);
  expect(claimsOf(rig.home).map(({ name }) => name)).toEqual([`${fingerprint(rig.login.refreshToken)}.2`]);
});

test.each([
  [
    "before connecting",
    ({ store }: Refresh, run: () => void) => {
      before(store as never, "read" as never, run, 2);
    },
  ],
  ["while connecting", withConnection],
])("a claim that is removed %s keeps the request from being sent", async (_, hook) => {
  const rig = await refresh();
  hook(rig, () => {
    rmSync(claimsFolder(rig.home), { recursive: true });
  });
  await rig.run();
  expect(rig.simulator.requests).toEqual([]);
  expect(rig.names()).toEqual(["auth.json"]);
});

test.each([
  ["whose owner lives", () => liveProcess(), {}],
  ["that was refused", () => deadProcess(), { outcome: "refused" }],
  ["that was granted", () => deadProcess(), { outcome: "granted" }],
  ["that rests", () => deadProcess(), { outcome: "unknown", attempts: 1 }],
] as const)("a token with a claim %s is not claimed", async (_, owner, claim) => {
  const rig = await refresh();
  const path = plantClaim(rig.home, rig.login.refreshToken, { owner: owner(), at: rig.fake.now(), ...claim });
  const planted = claimAt(path);
  await rig.run();
  expect(claimAt(path)).toEqual(planted);
  expect(rig.names()).toEqual(["auth.json", "auth.json.claims"]);
  expect(readdirSync(claimsFolder(rig.home))).toEqual([basename(path)]);
  expect(rig.simulator.requests).toEqual([]);
});

test("a token that another process claims at the same moment is left to it", async () => {
  const rig = await refresh();
  before(rig.claims as never, "create" as never, () => {
    plantClaim(rig.home, rig.login.refreshToken, { owner: liveProcess() });
  });
  await rig.run();
  expect(rig.simulator.requests).toEqual([]);
  expect(claimsOf(rig.home)).toHaveLength(1);
});

test("after a process that died with its claim, the next one counts its attempt", async () => {
  const rig = await refresh();
  plantClaim(rig.home, rig.login.refreshToken, { owner: deadProcess(), number: 3, at: rig.fake.now() });
  await rig.run();
  expect(rig.claim(4)).toMatchObject({ attempts: 1, outcome: "refused" });
  expect(claimsOf(rig.home)).toHaveLength(1);
});

const outcomes: [string, Reply, object][] = [
  [
    "a refusal",
    { kind: "json", status: 401, body: refreshErrorBody("refresh_token_expired") },
    {
      outcome: "refused",
      error: { code: "AUTH_EXPIRED", why: "Its refresh token was refused (refresh_token_expired)." },
    },
  ],
  ["a server's error", { kind: "json", status: 503, body: {} }, { outcome: "unknown", error: { code: "UPSTREAM" } }],
  ["a broken connection", { kind: "reset" }, { outcome: "unknown", error: { code: "NETWORK" } }],
  [
    "a request to slow down",
    { kind: "json", status: 429, headers: { "retry-after": "7" }, body: {} },
    { outcome: "unsent", error: { code: "RATE_LIMITED", retryAfterMs: 7_000 } },
  ],
  ["a strange answer", { kind: "raw", body: "{" }, { outcome: "unknown", error: { code: "PROTOCOL" } }],
];

test.each(outcomes)("%s is written into the claim, with its time", async (_, reply, expected) => {
  const rig = await refresh();
  const file = rig.home.readAuth();
  rig.simulator.next("token:refresh", reply);
  await rig.run();
  expect(rig.claim()).toMatchObject({ ...expected, at: rig.fake.now() });
  expect(rig.home.readAuth()).toBe(file);
  expect(rig.names()).toEqual(["auth.json", "auth.json.claims"]);
});

test("where the server does not rotate, the token is free again after each refresh", async () => {
  const rig = await refresh();
  rig.simulator.switches.rotateRefreshTokens = false;
  await rig.run();
  const { accessToken, refreshToken } = rig.home.record() as Record<string, string>;
  expect(refreshToken).toBe(rig.login.refreshToken);
  expect(rig.names()).toEqual(["auth.json"]);
  await rig.refresher.run(fingerprint(accessToken ?? ""), true, uncancelled());
  expect(rig.names()).toEqual(["auth.json"]);
  expect(rig.simulator.stats).toMatchObject({ refreshes: 2, replays: 0 });
});

describe("the save", () => {
  /** Lets the next saves fail; gives when each one was tried. */
  function failingSaves({ store, fake }: Refresh, failures: number): number[] {
    const update = store.update.bind(store);
    const tries: number[] = [];
    store.update = (...args) => {
      tries.push(fake.elapsed());
      if (tries.length <= failures) throw new CodexError("STORAGE", "No room.", { why: "The disk is full." });
      return update(...args);
    };
    return tries;
  }

  const pausesOf = (tries: readonly number[]): number[] => tries.slice(1).map((at, n) => at - (tries[n] ?? 0));

  test("is made in the room that was prepared before the request", async () => {
    const rig = await refresh();
    const { store } = rig;
    let room = 0;
    const prepare = store.prepare.bind(store);
    store.prepare = async () => {
      const prepared = await prepare();
      room = statSync(prepared.temporary).ino;
      return prepared;
    };
    await rig.run();
    expect(statSync(rig.home.authFile).ino).toBe(room);
    expect(rig.names()).toEqual(["auth.json", "auth.json.claims"]);
  });

  test("is tried again after growing pauses, and meanwhile the claim says why", async () => {
    const rig = await refresh();
    const tries = failingSaves(rig, 6);
    const done = rig.begin();
    while (tries.length === 0 || rig.claim().error === undefined) await rig.fake.advance(0);
    expect(rig.claim()).toMatchObject({
      outcome: "granted",
      error: { code: "STORAGE", message: "No room.", why: "The disk is full." },
    });
    await rig.fake.until(done, 5_000);
    expect(pausesOf(tries)).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(rig.home.record()).toMatchObject({ refreshToken: rig.current() });
    expect(rig.simulator.requests).toHaveLength(1);
  });

  test("is given up after nine minutes, and the claim still says why", async () => {
    const rig = await refresh();
    const tries = failingSaves(rig, Infinity);
    expect(await rig.fake.until(failure(rig.begin()), 5_000)).toMatchObject({ code: "STORAGE", message: "No room." });
    expect(tries.at(-1)! - tries[0]!).toBeGreaterThan(9 * minute);
    expect(tries.at(-1)! - tries[0]!).toBeLessThan(9 * minute + 10_000);
    expect(rig.claim()).toMatchObject({ outcome: "granted", error: { message: "No room." } });
    expect(rig.home.record()).toMatchObject({ refreshToken: rig.login.refreshToken });
  });

  test("is tried a last time once the program ends, and nothing waits any more", async () => {
    const rig = await refresh();
    const tries = failingSaves(rig, Infinity);
    const done = failure(rig.begin());
    while (tries.length < 1) await rig.fake.advance(0); // the request needs no time, or it would count as late
    while (tries.length < 2) await rig.fake.advance(100);
    rig.stopping.abort();
    const count = tries.length;
    expect((await done).code).toBe("STORAGE");
    expect(tries.length).toBe(count + 1);
    expect(rig.fake.pending).toBe(0);
  });

  test("that succeeds at the end of the program is not checked any more", async () => {
    const rig = await refresh();
    const tries = failingSaves(rig, 1);
    const done = rig.begin();
    while (tries.length < 1) await rig.fake.advance(0);
    rig.stopping.abort();
    await done;
    await rig.refresher.settled();
    expect(rig.fake.pending).toBe(0);
    expect(rig.home.record()).toMatchObject({ refreshToken: rig.current() });
  });

  test("does not need the claim to be writable", async () => {
    const rig = await refresh();
    rig.claims.update = () => Promise.reject(new CodexError("STORAGE", "No claims."));
    await rig.run();
    expect(rig.home.record()).toMatchObject({ refreshToken: rig.current() });
  });

  test("is made again if a program puts the spent login back right after it", async () => {
    const rig = await refresh();
    await rig.run();
    putBack(rig, { ...rig.login, expiresAt: 0 }, { theirs: 1 });
    await rig.settled();
    expect(rig.home.record()).toMatchObject({ refreshToken: rig.current() });
    expect(JSON.parse(rig.home.readAuth())).toMatchObject({ theirs: 1 });
    expect(rig.fake.elapsed()).toBe(500);
    expect(rig.simulator.requests).toHaveLength(1);
  });

  test.each([
    [
      "signs out",
      (rig: Refresh) => {
        writeFileSync(rig.home.authFile, "{}");
      },
    ],
    ["signs in", (rig: Refresh) => writeLogin(rig.home, rig.simulator, { extraFields: { generation: 2 } })],
    ["refreshes once more", (rig: Refresh) => writeLogin(rig.home, rig.simulator)],
  ])("is not made again if somebody %s right after it", async (_, change) => {
    const rig = await refresh();
    await rig.run();
    change(rig);
    const file = rig.home.readAuth();
    await rig.settled();
    expect(rig.home.readAuth()).toBe(file);
    expect(rig.simulator.requests).toHaveLength(1);
  });

  test.each([
    [
      "sign-out",
      (rig: Refresh) => {
        writeFileSync(rig.home.authFile, "{}");
      },
      true,
    ],
    [
      "missing file",
      (rig: Refresh) => {
        rmSync(rig.home.authFile);
      },
      true,
    ],
    ["sign-in", (rig: Refresh) => writeLogin(rig.home, rig.simulator, { extraFields: { generation: 2 } }), true],
    ["later refresh of the same login", (rig: Refresh) => writeLogin(rig.home, rig.simulator), false],
  ])("leaves a %s during its retries alone; the granted tokens are revoked: %s", async (_, change, revoked) => {
    const rig = await refresh();
    const tries = failingSaves(rig, 2);
    const done = rig.begin();
    while (tries.length < 1) await rig.fake.advance(0);
    const granted = rig.current();
    change(rig);
    const file = existsSync(rig.home.authFile) ? rig.home.readAuth() : undefined;
    await rig.fake.until(done);
    await rig.settled();
    expect(existsSync(rig.home.authFile) ? rig.home.readAuth() : undefined).toBe(file);
    const revocations = rig.simulator.requests.filter(({ route }) => route === "revoke");
    expect(revocations.map(({ json }) => (json as { token: string }).token)).toEqual(revoked ? [granted] : []);
  });
});
