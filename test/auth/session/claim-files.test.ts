import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ClaimFiles } from "../../../src/auth/session/claim-files.ts";
import type { Claim } from "../../../src/auth/session/refresh-claim.ts";
import {
  formatIdentity,
  identifySelf,
  systemUptimeMs,
  type ProcessIdentity,
} from "../../../src/platform/process-identity.ts";
import { fingerprint, systemRandom } from "../../../src/platform/random.ts";
import { act, retry } from "../../../src/shared/next-step.ts";
import { claimsFolder } from "../../support/claims.ts";
import { fakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { makeHome, type Home } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";
import { anHourMs, claimAt, deadProcess, foreignProcess, liveProcess, plantClaim } from "../../support/owners.ts";

const minute = 60_000;
const limits = { refreshOwnerMs: 10 * minute, unknownOwnerMs: minute };
const refreshToken = "rt_CANARY";
const token = fingerprint(refreshToken);
const begun = { accessToken: "a", attempts: 0, at: 7 };
const isRoot = process.getuid?.() === 0;

interface Rig {
  home: Home;
  clock: FakeClock;
  self: ProcessIdentity;
  claims: ClaimFiles;
}

/** The claims as one process sees them; each call is another process to the others. */
function claimsIn(home = makeHome(), start = Date.now()): Rig {
  const clock = fakeClock(start);
  const self = identifySelf(process.pid, systemRandom);
  return { home, clock, self, claims: new ClaimFiles({ folder: claimsFolder(home), clock, self, limits }) };
}

function namesIn(home: Home): string[] {
  return existsSync(claimsFolder(home)) ? readdirSync(claimsFolder(home)).sort() : [];
}

test("without a folder there is no claim, and none is made by looking", async () => {
  const { home, claims } = claimsIn();
  expect(await claims.newest(token)).toBeUndefined();
  expect(claims.isNewest(token, 1)).toBe(false);
  await claims.sweep();
  await claims.remove(token, 1);
  expect(readdirSync(home.path)).toEqual([]);
});

test("a claim is private, of 1 KiB, and says who made it and when", async () => {
  const { home, self, claims } = claimsIn();
  const previous = process.umask(0o000);
  const uptime = systemUptimeMs();
  expect(await claims.create(token, 1, begun)).toBe(true);
  process.umask(previous);
  const path = join(claimsFolder(home), `${token}.1`);
  expect(statSync(claimsFolder(home)).mode & 0o777).toBe(0o700);
  expect(statSync(path)).toMatchObject({ size: 1_024 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const record = claimAt(path);
  expect(record).toMatchObject({ ...begun, owner: formatIdentity(self) });
  expect(record.uptimeMs).toBeGreaterThanOrEqual(uptime);
  expect(await claims.newest(token)).toMatchObject({ ...begun, number: 1, life: "alive", pid: process.pid });
});

test("of twenty processes that claim the same number, one gets it", async () => {
  const home = makeHome();
  for (const number of [1, 2, 3]) {
    const processes = Array.from({ length: 20 }, () => claimsIn(home));
    const made = await Promise.all(processes.map(({ claims }) => claims.create(token, number, begun)));
    expect(made.filter((one) => one)).toHaveLength(1);
    const winner = processes[made.indexOf(true)];
    expect(claimAt(join(claimsFolder(home), `${token}.${number}`)).owner).toBe(winner && formatIdentity(winner.self));
  }
});

test("the newest claim is the one with the highest number, also beyond nine", async () => {
  const { home, claims } = claimsIn();
  for (const number of [1, 2, 9, 10, 11])
    plantClaim(home, refreshToken, { owner: deadProcess(), number, attempts: number });
  plantClaim(home, "another token", { owner: deadProcess(), number: 99 });
  writeFileSync(join(claimsFolder(home), `${token}.12.start`), "");
  writeFileSync(join(claimsFolder(home), `${token}.13.bak`), "");
  writeFileSync(join(claimsFolder(home), `x${token}.14`), "");
  expect(await claims.newest(token)).toMatchObject({ number: 11, attempts: 11 });
  expect(claims.isNewest(token, 11)).toBe(true);
  expect(claims.isNewest(token, 10)).toBe(false);
  expect(claims.isNewest(token, 12)).toBe(false);
  rmSync(join(claimsFolder(home), `${token}.11`));
  expect(claims.isNewest(token, 11)).toBe(false);
});

test("an update keeps the size and what it does not name", async () => {
  const { home, claims } = claimsIn();
  await claims.create(token, 1, begun);
  const path = join(claimsFolder(home), `${token}.1`);
  const { ino } = statSync(path);
  await claims.update(token, 1, { outcome: "granted", at: 8 });
  expect(statSync(path)).toMatchObject({ size: 1_024, ino });
  const error = { code: "STORAGE", message: "m".repeat(200), why: "The disk is full." } as const;
  await claims.update(token, 1, { outcome: "granted", error });
  await claims.update(token, 1, { outcome: "unknown", error: undefined });
  expect(statSync(path)).toMatchObject({ size: 1_024, ino });
  const { error: gone, ...record } = claimAt(path);
  expect(gone).toBeUndefined();
  expect(record).toMatchObject({ accessToken: "a", attempts: 0, at: 8, outcome: "unknown" });
});

test("an update of a claim that was removed changes nothing: another process has given up on it", async () => {
  const { home, claims } = claimsIn();
  await claims.create(token, 1, begun);
  await claims.create(token, 2, begun);
  rmSync(join(claimsFolder(home), `${token}.1`));
  await claims.update(token, 1, { outcome: "granted" });
  expect(namesIn(home)).toEqual([`${token}.2`]);
});

test("an outcome removes the claims before it and their announcements; a change without one removes none", async () => {
  const { home, claims } = claimsIn();
  for (const number of [1, 2]) plantClaim(home, refreshToken, { owner: deadProcess(), number });
  for (const number of [2, 3, 4]) await claims.announce(token, number);
  plantClaim(home, "another token", { owner: deadProcess(), outcome: "granted" });
  await claims.create(token, 3, begun);
  const all = namesIn(home);
  await claims.update(token, 3, { at: 9 });
  expect(namesIn(home)).toEqual(all);
  await claims.update(token, 3, { outcome: "unsent" });
  expect(namesIn(home)).toEqual([`${token}.3`, `${token}.4.start`, `${fingerprint("another token")}.1`].sort());
});

test("a claim that is withdrawn takes the folder with it, if it was the last one", async () => {
  const { home, claims } = claimsIn();
  await claims.create(token, 1, begun);
  await claims.create(token, 2, begun);
  await claims.remove(token, 2);
  expect(namesIn(home)).toEqual([`${token}.1`]);
  await claims.remove(token, 1);
  await claims.remove(token, 1);
  expect(readdirSync(home.path)).toEqual([]);
});

test("a folder that another process removes at the same moment fails no claim", async () => {
  const home = makeHome();
  const come = async (_: unknown, n: number): Promise<void> => {
    const { claims } = claimsIn(home);
    for (let round = 0; round < 20; round++) {
      expect(await claims.create(fingerprint(String(n)), round, begun)).toBe(true);
      await claims.remove(fingerprint(String(n)), round);
    }
  };
  await Promise.all(Array.from({ length: 8 }, come));
  expect(readdirSync(home.path)).toEqual([]);
});

describe("a sweep", () => {
  /** Claims of every kind: names by what they are. */
  function plantAll(home: Home) {
    const plant = (refresh: string, claim: Parameters<typeof plantClaim>[2]): string => {
      const path = plantClaim(home, refresh, claim);
      return path.slice(claimsFolder(home).length + 1);
    };
    const names = {
      earlier: plant(refreshToken, { owner: deadProcess() }),
      own: plant(refreshToken, { owner: liveProcess(), number: 2, outcome: "granted" }),
      ended: plant("ended", { owner: liveProcess(), outcome: "unknown" }),
      dead: plant("dead", { owner: deadProcess() }),
      running: plant("running", { owner: liveProcess() }),
      foreign: plant("foreign", { owner: foreignProcess() }),
      announced: `${fingerprint("x")}.1.start`,
      notes: "notes.txt",
    };
    writeFileSync(join(claimsFolder(home), names.announced), "");
    writeFileSync(join(claimsFolder(home), names.notes), "");
    return names;
  }

  test("after a refresh leaves its own claim, requests that are not over, and what others put there", async () => {
    const { home, claims } = claimsIn();
    const { own, running, foreign, notes } = plantAll(home);
    await claims.sweep(token, 2);
    expect(namesIn(home)).toEqual([own, running, foreign, notes].sort());
  });

  test("after a sign-out leaves only requests that are not over, and what others put there", async () => {
    const { home, claims } = claimsIn();
    const { running, foreign, notes } = plantAll(home);
    await claims.sweep();
    expect(namesIn(home)).toEqual([running, foreign, notes].sort());
  });

  test("of ended claims only removes the folder, too", async () => {
    const { home, claims } = claimsIn();
    plantClaim(home, refreshToken, { owner: deadProcess(), outcome: "granted" });
    await claims.sweep();
    expect(readdirSync(home.path)).toEqual([]);
  });
});

describe("an announcement", () => {
  test("is made by one of twenty, and holds for three seconds", async () => {
    const home = makeHome();
    const processes = Array.from({ length: 20 }, () => claimsIn(home));
    const made = await Promise.all(processes.map(({ claims }) => claims.announce(token, 1)));
    expect(made.filter((one) => one !== undefined)).toEqual([expect.any(Function)]);
    expect(namesIn(home)).toEqual([`${token}.1.start`]);
    const { claims, clock } = claimsIn(home);
    await clock.advance(2_500);
    expect(await claims.announce(token, 1)).toBeUndefined();
    await clock.advance(1_000);
    expect(await claims.announce(token, 1)).toBeInstanceOf(Function);
  });

  test.each([-anHourMs, anHourMs])("made by a clock %d ms off does not hold", async (offMs) => {
    const { home, claims } = claimsIn();
    await claims.announce(token, 1);
    const at = new Date(Date.now() + offMs);
    utimesSync(join(claimsFolder(home), `${token}.1.start`), at, at);
    expect(await claims.announce(token, 1)).toBeInstanceOf(Function);
  });

  test("that is taken back leaves nothing, and the next process announces at once", async () => {
    const { home, claims } = claimsIn();
    const other = claimsIn(home).claims;
    const withdraw = await claims.announce(token, 1);
    expect(await other.announce(token, 1)).toBeUndefined();
    await withdraw?.();
    expect(namesIn(home)).toEqual([]);
    expect(await other.announce(token, 1)).toBeInstanceOf(Function);
    expect(await claims.announce(token, 1)).toBeUndefined();
  });

  test("that is taken back leaves those of other numbers and tokens", async () => {
    const { home, claims } = claimsIn();
    const withdraw = await claims.announce(token, 1);
    await claims.announce(token, 2);
    await claims.announce(fingerprint("another token"), 1);
    await withdraw?.();
    expect(namesIn(home)).toEqual([`${token}.2.start`, `${fingerprint("another token")}.1.start`].sort());
  });

  test("of another number is another one", async () => {
    const { claims } = claimsIn();
    expect(await claims.announce(token, 1)).toBeInstanceOf(Function);
    expect(await claims.announce(token, 2)).toBeInstanceOf(Function);
  });
});

describe("the owner's life", () => {
  const lifeOf = async ({ claims }: Rig): Promise<Claim["life"] | undefined> => (await claims.newest(token))?.life;

  test("of a process that has ended is over at once", async () => {
    const rig = claimsIn();
    plantClaim(rig.home, refreshToken, { owner: deadProcess() });
    expect(await rig.claims.newest(token)).toMatchObject({ life: "dead", pid: undefined });
  });

  test.each([-anHourMs, 0, anHourMs])(
    "of a process of this host is ten minutes of uptime, whatever the clock says (%d ms off)",
    async (offMs) => {
      const rig = claimsIn(makeHome(), Date.now() + offMs);
      const owner = liveProcess();
      const claim = (ageMs: number): void => {
        plantClaim(rig.home, refreshToken, { owner, uptimeMs: systemUptimeMs() - ageMs, at: Date.now() - offMs });
      };
      claim(0);
      expect(await rig.claims.newest(token)).toMatchObject({ life: "alive", pid: owner.pid });
      claim(10 * minute - 5_000);
      expect(await lifeOf(rig)).toBe("alive");
      await rig.clock.advance(24 * anHourMs); // its own time does not count
      expect(await lifeOf(rig)).toBe("alive");
      claim(10 * minute + 1_000);
      expect(await rig.claims.newest(token)).toMatchObject({ life: "stopped", pid: undefined });
    },
  );

  test.each([-anHourMs, 0, anHourMs])(
    "of a process elsewhere is a minute of one's own time without a change (clock %d ms off)",
    async (offMs) => {
      const rig = claimsIn(makeHome(), Date.now() + offMs);
      const path = plantClaim(rig.home, refreshToken, { owner: foreignProcess(), at: 0 });
      expect(await rig.claims.newest(token)).toMatchObject({ life: "unknown", pid: undefined });
      rig.clock.set(rig.clock.now() + 24 * anHourMs);
      expect(await lifeOf(rig)).toBe("unknown");
      await rig.clock.advance(minute);
      expect(await lifeOf(rig)).toBe("unknown");
      await rig.clock.advance(1);
      expect(await lifeOf(rig)).toBe("stopped");
      // A change is a sign of life.
      writeFileSync(path, JSON.stringify({ ...claimAt(path), at: 1 }).padEnd(1_024));
      expect(await lifeOf(rig)).toBe("unknown");
      await rig.clock.advance(minute + 1);
      expect(await lifeOf(rig)).toBe("stopped");
    },
  );

  test("of a process elsewhere is judged by each process alone, from its own first look", async () => {
    const [first, second] = [claimsIn(), claimsIn()].map((rig, _, [{ home } = rig]) => claimsIn(home)) as [Rig, Rig];
    plantClaim(first.home, refreshToken, { owner: foreignProcess() });
    await lifeOf(first);
    await first.clock.advance(minute + 1);
    await second.clock.advance(minute + 1);
    expect(await lifeOf(first)).toBe("stopped");
    expect(await lifeOf(second)).toBe("unknown");
  });

  test.each([
    ["empty", ""],
    ["half written", '{"owner":"1-2-'],
    ["not ours", '"text"'],
    ["of an unknown outcome", JSON.stringify({ owner: "x", attempts: 0, at: 0, outcome: "lost" })],
  ])("of a claim that is %s is unknown: it is someone's claim all the same", async (_, text) => {
    const rig = claimsIn();
    const path = plantClaim(rig.home, refreshToken, { owner: deadProcess() });
    writeFileSync(path, text);
    expect(await rig.claims.newest(token)).toMatchObject({ number: 1, life: "unknown", attempts: 0, pid: undefined });
    expect(await rig.claims.create(token, 1, begun)).toBe(false);
    await rig.clock.advance(minute + 1);
    expect(await lifeOf(rig)).toBe("stopped");
  });

  test("of a claim that can't be read is unknown", async () => {
    const rig = claimsIn();
    chmodSync(plantClaim(rig.home, refreshToken, { owner: deadProcess() }), 0o000);
    chmodSync(claimsFolder(rig.home), 0o755);
    chmodSync(rig.home.path, 0o755);
    expect(await withoutPrivileges(() => rig.claims.newest(token))).toMatchObject({ life: "unknown", number: 1 });
  });
});

describe("a folder that is not one's own", () => {
  const refused = (home: Home, why: string) => ({
    code: "STORAGE",
    message: `The folder ${claimsFolder(home)} cannot be used.`,
    details: { why, next: [act(`Remove ${claimsFolder(home)}`), retry] },
  });

  test("but a link is refused, and nothing is put behind it", async () => {
    const { home, claims } = claimsIn();
    const elsewhere = makeHome().path;
    symlinkSync(elsewhere, claimsFolder(home));
    await expect(claims.create(token, 1, begun)).rejects.toMatchObject(
      refused(home, `${claimsFolder(home)} is a link.`),
    );
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test.skipIf(!isRoot)("but another user's is refused (only root can make one)", async () => {
    const { home, claims } = claimsIn();
    mkdirSync(claimsFolder(home));
    chownSync(claimsFolder(home), 12_345, 12_345);
    await expect(claims.create(token, 1, begun)).rejects.toMatchObject(
      refused(home, `${claimsFolder(home)} belongs to another user (uid 12345).`),
    );
    expect(readdirSync(claimsFolder(home))).toEqual([]);
  });

  test("but a file is refused, told with the reason", async () => {
    const { home, claims } = claimsIn();
    writeFileSync(claimsFolder(home), "");
    await expect(claims.create(token, 1, begun)).rejects.toMatchObject(
      refused(home, `${claimsFolder(home)} is not a folder.`),
    );
  });

  test("but may not be written is told with the reason", async () => {
    const { home, claims } = claimsIn();
    chmodSync(home.path, 0o555);
    await withoutPrivileges(async () => {
      await expect(claims.create(token, 1, begun)).rejects.toMatchObject({
        code: "STORAGE",
        details: { why: "The rights do not allow it." },
      });
    });
    chmodSync(home.path, 0o755);
  });
});

test("a link in a claim's place is not written through", async () => {
  const { home, claims } = claimsIn();
  const victim = join(home.path, "victim");
  writeFileSync(victim, "theirs");
  mkdirSync(claimsFolder(home), { mode: 0o700 });
  symlinkSync(victim, join(claimsFolder(home), `${token}.1`));
  expect(await claims.create(token, 1, begun)).toBe(false);
  await claims.update(token, 1, { outcome: "refused" });
  expect(readFileSync(victim, "utf8")).toBe("theirs");
});
