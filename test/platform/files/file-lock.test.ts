import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock, type Clock } from "../../../src/platform/clock.ts";
import { FileLock, reportLock } from "../../../src/platform/files/file-lock.ts";
import { systemRandom } from "../../../src/platform/random.ts";
import { act, retry } from "../../../src/shared/next-step.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";
import { anHourMs, plantForeignLock, setAge } from "../../support/owners.ts";

const patient = 20_000;

/** A lock as one process has it; each call is another process to the others. */
function lockOf(file: string, clock: Clock = systemClock): FileLock {
  return new FileLock(file, { clock, random: systemRandom });
}

async function held(outcome: Promise<(() => Promise<void>) | undefined>): Promise<() => Promise<void>> {
  const release = await outcome;
  if (release === undefined) throw new Error("somebody holds the lock");
  return release;
}

/** A file that need not exist, and its lock. */
function place(): { file: string; path: string; folder: string } {
  const { authFile, path: folder } = makeHome();
  return { file: authFile, path: `${authFile}.lock`, folder };
}

test("one holder at a time; the next one enters after the release", async () => {
  const { file, path } = place();
  const release = await held(lockOf(file).acquire(0));
  expect(lstatSync(path).isDirectory()).toBe(true);
  expect(readdirSync(path)).toEqual([]);
  expect(await lockOf(file).acquire(0)).toBeUndefined();
  const second = lockOf(file).acquire(patient);
  await release();
  await (
    await held(second)
  )();
});

test("release leaves nothing behind, nor does an attempt that failed", async () => {
  const { file, folder } = place();
  const release = await held(lockOf(file).acquire(0));
  await lockOf(file).acquire(0);
  await release();
  expect(readdirSync(folder)).toEqual([]);
});

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Enter, see whether anybody else is inside, leave. */
async function crowd(file: string, size: number): Promise<{ entries: number; overlaps: number }> {
  let inside = 0;
  const seen = { entries: 0, overlaps: 0 };
  await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      // Apart by some turns: in step they would all fail at the same place.
      for (let turn = 0; turn < index * 3; turn++) await nextTurn();
      const release = await held(lockOf(file).acquire(patient));
      inside++;
      seen.entries++;
      for (let turn = 0; turn < 10; turn++) {
        if (inside > 1) seen.overlaps++;
        await nextTurn();
      }
      inside--;
      await release();
    }),
  );
  return seen;
}

test("twenty waiters on a free lock enter one after the other", async () => {
  for (let round = 0; round < 3; round++) {
    expect(await crowd(place().file, 20)).toEqual({ entries: 20, overlaps: 0 });
  }
});

test("twenty waiters on a lock that was left an hour ago all enter", async () => {
  for (let round = 0; round < 3; round++) {
    const { file, path } = place();
    plantForeignLock(path, anHourMs);
    // Some may enter together: a writer also compares before it replaces the file.
    expect((await crowd(file, 20)).entries).toBe(20);
    expect(existsSync(path)).toBe(false);
  }
});

test.each([
  ["an hour", anHourMs],
  ["eleven seconds", 11_000],
])("a lock that was left %s ago is taken over at once", async (_, ageMs) => {
  const { file, path } = place();
  plantForeignLock(path, ageMs);
  await (
    await held(lockOf(file).acquire(0))
  )();
  expect(existsSync(path)).toBe(false);
});

test.each([
  ["a moment", 0],
  ["eight seconds", 8_000],
])("another program's lock that was renewed %s ago is respected", async (_, ageMs) => {
  const { file, path } = place();
  plantForeignLock(path, ageMs);
  const before = lstatSync(path);
  expect(await lockOf(file).acquire(0)).toBeUndefined();
  expect(await lockOf(file).acquire(50)).toBeUndefined();
  expect(lstatSync(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
});

test("a lock that was left an hour ahead of the clock is taken over after ten seconds of one's own time", async () => {
  const clock = fakeClock();
  const { file, path } = place();
  plantForeignLock(path, -anHourMs);
  const release = await clock.until(held(lockOf(file, clock).acquire(patient)));
  expect(clock.elapsed()).toBeGreaterThan(10_000);
  expect(clock.elapsed()).toBeLessThan(10_200);
  await release();
  expect(existsSync(path)).toBe(false);
});

test("a lock ahead of the clock whose holder renews it is respected", async () => {
  const clock = fakeClock();
  const { file, path } = place();
  plantForeignLock(path, -anHourMs);
  const renew: Clock["timer"] = (ms, fire) => {
    setAge(path, -anHourMs - 5_000 * Math.floor(clock.elapsed() / 5_000));
    return clock.timer(ms, fire);
  };
  expect(await clock.until(lockOf(file, { ...clock, timer: renew }).acquire(patient))).toBeUndefined();
  expect(existsSync(path)).toBe(true);
});

test("a wait for the lock ends after its time", async () => {
  const clock = fakeClock();
  const { file, path } = place();
  mkdirSync(path);
  expect(await clock.until(lockOf(file, clock).acquire(5_000))).toBeUndefined();
  expect(clock.elapsed()).toBeGreaterThanOrEqual(5_000);
  expect(clock.elapsed()).toBeLessThan(5_100);
});

test("release never fails, whatever stands in the lock's place", async () => {
  const { file, path } = place();
  const release = await held(lockOf(file).acquire(0));
  rmSync(path, { recursive: true });
  writeFileSync(path, "a file");
  await release();
  await release();
  expect(existsSync(path)).toBe(true);
});

const obstacles: [string, (path: string) => void, string][] = [
  [
    "a file",
    (path) => {
      writeFileSync(path, "");
    },
    "It is not a directory.",
  ],
  [
    "a symbolic link to a folder",
    (path) => {
      symlinkSync("/tmp", path);
    },
    "It is not a directory.",
  ],
  [
    "a dangling link",
    (path) => {
      symlinkSync("/nowhere", path);
    },
    "It is not a directory.",
  ],
  [
    "a FIFO",
    (path) => {
      execFileSync("mkfifo", [path]);
    },
    "It is not a directory.",
  ],
  [
    "a file from an hour ago",
    (path) => {
      writeFileSync(path, "");
      setAge(path, anHourMs);
    },
    "It is not a directory.",
  ],
  [
    "a folder with other things in it",
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "notes.txt"), "");
    },
    "It holds files, which no lock does.",
  ],
  [
    "a folder with other things in it, an hour old",
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "notes.txt"), "");
      setAge(path, anHourMs);
    },
    "It holds files, which no lock does.",
  ],
];

test.each(obstacles)("%s in the lock's place is refused at once and left as it is", async (_, plant, why) => {
  const clock = fakeClock();
  const { file, path } = place();
  plant(path);
  const before = lstatSync(path);
  await expect(lockOf(file, clock).acquire(patient)).rejects.toMatchObject({
    code: "STORAGE",
    message: `The lock ${path} cannot be used.`,
    details: { why, next: [act(`Remove ${path}`), retry] },
  });
  expect(lstatSync(path)).toMatchObject({ ino: before.ino, mode: before.mode });
});

test("a missing folder is told with its path", async () => {
  const file = join(makeHome().path, "gone", "auth.json");
  await expect(lockOf(file).acquire(0)).rejects.toMatchObject({
    code: "STORAGE",
    message: `codex-oauth could not take the lock at ${file}.lock (ENOENT).`,
  });
});

test("a lock beside which nothing may be written is told with the reason", async () => {
  const { file, folder } = place();
  await (
    await held(lockOf(join(makeHome().path, "other")).acquire(0))
  )(); // loads the library
  chmodSync(folder, 0o555);
  await withoutPrivileges(async () => {
    await expect(lockOf(file).acquire(patient)).rejects.toMatchObject({
      code: "STORAGE",
      details: { why: "The rights do not allow it." },
    });
  });
  chmodSync(folder, 0o755);
});

describe("the report of a lock", () => {
  test("that is free", async () => {
    expect(await reportLock(place().file, Date.now())).toEqual({ kind: "free" });
  });

  test("tells the time since its last renewal, and changes nothing", async () => {
    const { file, path } = place();
    plantForeignLock(path, anHourMs);
    expect(await reportLock(file, Date.now())).toEqual({
      kind: "held",
      ageMs: expect.closeTo(anHourMs, -4) as number,
    });
    setAge(path, -anHourMs);
    expect(await reportLock(file, Date.now())).toEqual({ kind: "held", ageMs: 0 });
    expect(readdirSync(path)).toEqual([]);
  });

  test.each(obstacles)("names what is no lock: %s", async (_, plant, why) => {
    const { file, path } = place();
    plant(path);
    const report = await reportLock(file, Date.now());
    expect(report).toEqual({ kind: "unexpected", why: expect.any(String) as string });
    expect(report.kind === "unexpected" && `It ${report.why}.`).toBe(why);
  });

  test("that can't be looked at says so", async () => {
    const { file, folder } = place();
    writeFileSync(file, "");
    expect(await reportLock(join(file, "below"), Date.now())).toEqual({
      kind: "unexpected",
      why: "cannot be looked at (ENOTDIR)",
    });
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o000 });
    chmodSync(folder, 0o755);
    expect(await withoutPrivileges(() => reportLock(join(closed, "x"), Date.now()))).toEqual({
      kind: "unexpected",
      why: "cannot be looked at (EACCES)",
    });
  });
});
