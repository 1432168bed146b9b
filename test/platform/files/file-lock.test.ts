import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { FileLock, isHeld, type BusyLock, type HeldLock } from "../../../src/platform/files/file-lock.ts";
import { identifySelf } from "../../../src/platform/process-identity.ts";
import { systemRandom } from "../../../src/platform/random.ts";
import { makeHome } from "../../support/home.ts";
import {
  anHourMs,
  deadProcess,
  foreignProcess,
  liveProcess,
  plantForeignLock,
  plantLock,
} from "../../support/owners.ts";

const patient = 20_000;

/** A lock as one process has it; each call is another process to the others. */
function lockOf(path: string): FileLock {
  const self = identifySelf(process.pid, systemRandom);
  return new FileLock(path, { clock: systemClock, random: systemRandom, self });
}

async function held(outcome: Promise<HeldLock | BusyLock>): Promise<HeldLock> {
  const lock = await outcome;
  if (!isHeld(lock)) throw new Error(`the lock is held by ${lock.holderPid ?? "somebody"}`);
  return lock;
}

function lockPath(): string {
  return join(makeHome().path, "auth.json.lock");
}

test("one holder at a time; the next one enters after the release", async () => {
  const path = lockPath();
  const first = await held(lockOf(path).acquire(0));
  expect(await lockOf(path).acquire(0)).toEqual({ holderPid: process.pid });
  const second = lockOf(path).acquire(patient);
  await first.release();
  expect(await first.isOwned()).toBe(false);
  await (await held(second)).release();
});

test("release leaves nothing behind, nor does an attempt that failed", async () => {
  const path = lockPath();
  const lock = await held(lockOf(path).acquire(0));
  await lockOf(path).acquire(0);
  await lock.release();
  expect(readdirSync(join(path, ".."))).toEqual([]);
});

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Enter, see whether anybody else is inside, leave. */
async function crowd(path: string, size: number): Promise<{ entries: number; overlaps: number }> {
  let inside = 0;
  const seen = { entries: 0, overlaps: 0 };
  await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      // Apart by some turns: in step they would all fail at the same place.
      for (let turn = 0; turn < index * 3; turn++) await nextTurn();
      const lock = await held(lockOf(path).acquire(patient));
      inside++;
      seen.entries++;
      for (let turn = 0; turn < 10; turn++) {
        if (inside > 1 || !(await lock.isOwned())) seen.overlaps++;
      }
      inside--;
      await lock.release();
    }),
  );
  return seen;
}

test.each([
  ["free", () => undefined],
  [
    "left by a dead process",
    (path: string) => {
      plantLock(path, deadProcess(), anHourMs);
    },
  ],
  [
    "left empty an hour ago",
    (path: string) => {
      plantForeignLock(path, anHourMs);
    },
  ],
  [
    "left empty an hour ahead of the clock",
    (path: string) => {
      plantForeignLock(path, -anHourMs);
    },
  ],
])("twenty waiters on a lock that is %s enter one after the other", async (_, plant) => {
  for (let round = 0; round < 10; round++) {
    const path = lockPath();
    plant(path);
    expect(await crowd(path, 20)).toEqual({ entries: 20, overlaps: 0 });
  }
});

test.each([
  ["a dead process, a moment ago", () => deadProcess(), 0],
  ["a dead process, by an mtime ahead of the clock", () => deadProcess(), -anHourMs],
  ["a process of another host, long ago", () => foreignProcess(), anHourMs],
  ["a process of another host, far ahead of the clock", () => foreignProcess(), -anHourMs],
])("takes over at once from %s", async (_, owner, ageMs) => {
  const path = lockPath();
  plantLock(path, owner(), ageMs);
  const lock = await held(lockOf(path).acquire(0));
  expect(await lock.isOwned()).toBe(true);
});

test.each([
  ["a live process, however old its lock, and names it", () => liveProcess(), anHourMs, true],
  ["a process of another host, a moment ago; its pid means nothing here", () => foreignProcess(), 0],
])("never takes over from %s", async (_, owner, ageMs, named = false) => {
  const path = lockPath();
  const identity = owner();
  plantLock(path, identity, ageMs);
  const pid = named ? identity.pid : undefined;
  expect(await lockOf(path).acquire(50)).toEqual({ holderPid: pid });
  expect(await lockOf(path).acquire(0)).toEqual({ holderPid: pid });
});

test("what a process leaves that is killed amid its release is entered at once", async () => {
  const path = lockPath();
  const first = await held(lockOf(path).acquire(0));
  rmSync(join(path, first.handoverId)); // the first of two steps
  const next = await held(lockOf(path).acquire(0));
  expect(await next.isOwned()).toBe(true);
});

test("respects another program's fresh lock, an empty directory", async () => {
  const path = lockPath();
  plantForeignLock(path, 0);
  expect(await lockOf(path).acquire(50)).toEqual({ holderPid: undefined });
  expect(await lockOf(path).acquire(0)).toEqual({ holderPid: undefined });
});

test("an overtaken holder knows it, and its release leaves the successor alone", async () => {
  const path = lockPath();
  const first = await held(lockOf(path).acquire(0));
  rmSync(path, { recursive: true });
  expect(await first.isOwned()).toBe(false);
  const second = await held(lockOf(path).acquire(0));
  await first.release();
  expect(await second.isOwned()).toBe(true);
});

test("release never fails, whatever stands in the lock's place", async () => {
  const path = lockPath();
  const lock = await held(lockOf(path).acquire(0));
  rmSync(path, { recursive: true });
  writeFileSync(path, "a file");
  expect(await lock.isOwned()).toBe(false);
  await lock.release();
  expect(existsSync(path)).toBe(true);
});

test("a wait ends with its signal", async () => {
  const path = lockPath();
  await held(lockOf(path).acquire(0));
  const aborter = new AbortController();
  const waiting = lockOf(path).acquire(patient, aborter.signal);
  aborter.abort(new Error("the server is ending"));
  await expect(waiting).rejects.toThrow("the server is ending");
});

test("removes what killed waiters left, and nothing of live ones", async () => {
  const path = lockPath();
  const preparation = (owner: string): string => `${path}.prep.${owner}.3`;
  const [dead, alive] = [deadProcess(), liveProcess()].map(
    ({ pid, start, host, nonce }) => `${pid}-${start}-${host}-${nonce}`,
  ) as [string, string];
  for (const owner of [dead, alive]) {
    mkdirSync(preparation(owner));
    writeFileSync(join(preparation(owner), `owner.${owner}.3`), "");
  }
  await held(lockOf(path).acquire(0));
  expect(existsSync(preparation(dead))).toBe(false);
  expect(readdirSync(preparation(alive))).toEqual([`owner.${alive}.3`]);
});

test("a lock that is passed on has one owner at every moment, and nobody gets in between", async () => {
  const path = lockPath();
  const first = await held(lockOf(path).acquire(0));
  const heir = await lockOf(path).takeOver(first.handoverId);
  expect(await heir?.isOwned()).toBe(true);
  expect(await first.isOwned()).toBe(false);
  await first.release();
  expect(await lockOf(path).acquire(0)).toEqual({ holderPid: process.pid });
  await heir?.release();
  expect(existsSync(path)).toBe(false);
});

test("a lock is adopted once, and not after somebody else has it", async () => {
  const path = lockPath();
  const first = await held(lockOf(path).acquire(0));
  const heirs = await Promise.all(Array.from({ length: 5 }, () => lockOf(path).takeOver(first.handoverId)));
  expect(heirs.filter((heir) => heir !== undefined)).toHaveLength(1);
  rmSync(path, { recursive: true });
  expect(await lockOf(path).takeOver(first.handoverId)).toBeUndefined();
});

test.each(["", "../auth.json", "owner.x/../../auth.json.0", "auth.json"])(
  "nothing but an owner's file is adopted: %j",
  async (pass) => {
    const path = lockPath();
    const first = await held(lockOf(path).acquire(0));
    writeFileSync(join(path, "..", "auth.json"), "theirs");
    expect(await lockOf(path).takeOver(pass)).toBeUndefined();
    expect(await first.isOwned()).toBe(true);
    expect(existsSync(join(path, "..", "auth.json"))).toBe(true);
  },
);
