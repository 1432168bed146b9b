import { existsSync, type Stats } from "node:fs";
import { lstat, readdir, rename, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import type Lockfile from "proper-lockfile";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import { sleep, type Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import { errnoOf, storageError } from "./errors.ts";
import { tryLstat } from "./folder-owner.ts";

const pollMs = 20;

/** The age at which a lock is taken over: proper-lockfile's default, since other programs lock the same file. */
const staleMs = 10_000;

interface FileLockDeps {
  clock: Clock;
  random: Random;
}

/**
 * Excludes other processes while a file is replaced: proper-lockfile's directory `<file>.lock`, which other programs
 * use too. It is held for milliseconds. It can be overtaken, after a suspension of ten seconds for one, so a writer also
 * checks that the file is unchanged before it replaces it.
 */
export class FileLock {
  readonly #file: string;
  readonly #deps: FileLockDeps;

  constructor(file: string, deps: FileLockDeps) {
    this.#file = file;
    this.#deps = deps;
  }

  /**
   * Acquires the lock, in an existing folder; undefined after `waitMs`. The result releases it, and never fails.
   *
   * @param waitMs 0 tries once
   * @throws CodexError `STORAGE` if the lock can't be created (permissions, disk, something else at the path)
   */
  async acquire(waitMs: number): Promise<(() => Promise<void>) | undefined> {
    const { clock, random } = this.#deps;
    const path = `${this.#file}.lock`;
    const lockfile = await loadLockfile();
    const deadline = clock.elapsed() + waitMs;
    let seen: { mtimeMs: number; since: number } | undefined;
    for (;;) {
      try {
        const release = await lockfile.lock(this.#file, {
          lockfilePath: path,
          stale: Infinity, // `#takeAway` is safer
          update: staleMs / 2,
          realpath: false, // the file may be missing
          onCompromised: () => undefined, // the writer finds out by itself
        });
        return async () => {
          await release().catch(() => undefined);
        };
      } catch (error) {
        // ENOENT: another process has removed the lock in the instant in which it was made.
        const isContended = errnoOf(error) === "ELOCKED" || (errnoOf(error) === "ENOENT" && existsSync(dirname(path)));
        if (!isContended) {
          await assertLockable(path);
          throw storageError(error, path, "take the lock");
        }
      }
      await assertLockable(path);
      const stat = tryLstat(path);
      if (stat !== undefined) {
        if (seen?.mtimeMs !== stat.mtimeMs) seen = { mtimeMs: stat.mtimeMs, since: clock.elapsed() };
        // A live holder renews the time. One ahead of the clock would keep a dead holder's lock for good.
        const isStale = clock.now() - stat.mtimeMs > staleMs || clock.elapsed() - seen.since > staleMs;
        if (isStale && (await this.#takeAway(path, stat))) continue;
      }
      if (clock.elapsed() >= deadline) return undefined;
      await sleep(clock, pollMs * (1 + random.fraction()));
    }
  }

  /**
   * Removes a dead holder's lock; false if another process was faster. proper-lockfile removes it by its path: of many
   * waiters, one then removes what another one has just made. A rename gets the lock itself, so it can be looked at.
   */
  async #takeAway(path: string, { ino, mtimeMs }: Stats): Promise<boolean> {
    const aside = `${path}.${this.#deps.random.bytes(6).toString("hex")}`;
    try {
      await rename(path, aside);
      const taken = await lstat(aside);
      if (taken.ino === ino && taken.mtimeMs === mtimeMs) {
        await rmdir(aside);
        return true;
      }
      await rename(aside, path); // a live holder's
    } catch {
      await rmdir(aside).catch(() => undefined);
    }
    return false;
  }
}

let loaded: Promise<typeof Lockfile> | undefined;

async function loadLockfile(): Promise<typeof Lockfile> {
  loaded ??= import("proper-lockfile").then((module) => {
    // The library ends the process at any signal that has no other listener. This one only means EFBIG, with a code.
    process.on("SIGXFSZ", () => undefined);
    return module.default;
  });
  return loaded;
}

/** State of a lock, for the doctor. */
export type LockReport =
  | { kind: "free" }
  | { kind: "held"; ageMs: number }
  /** Something that is no lock, or that can't be read; `why` completes "it …". */
  | { kind: "unexpected"; why: string };

/** Reads the state of the lock on `file` without changing it. Never fails. */
export async function reportLock(file: string, now: number): Promise<LockReport> {
  const path = `${file}.lock`;
  try {
    const stat = await lstat(path);
    const why = await whyNoLock(path);
    return why === undefined ? { kind: "held", ageMs: Math.max(0, now - stat.mtimeMs) } : { kind: "unexpected", why };
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return { kind: "free" };
    return { kind: "unexpected", why: `cannot be looked at (${code ?? "unknown cause"})` };
  }
}

async function assertLockable(path: string): Promise<void> {
  const why = await whyNoLock(path).catch(() => undefined);
  if (why === undefined) return;
  throw new CodexError("STORAGE", `The lock ${path} cannot be used.`, {
    why: `It ${why}.`,
    next: [act(`Remove ${path}`), retry],
  });
}

/** Why the path can't be a lock, to complete "it …". @throws the system's error */
async function whyNoLock(path: string): Promise<string | undefined> {
  const stat = await lstat(path);
  if (!stat.isDirectory()) return "is not a directory";
  return (await readdir(path)).length === 0 ? undefined : "holds files, which no lock does";
}
