import { chmod, lstat, mkdir, open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { sleep, type Clock } from "../clock.ts";
import { storageError } from "./errors.ts";
import { inspectLock, ownerPattern, ownLockMode, succeeds } from "./lock-folder.ts";
import {
  formatIdentity,
  isStale,
  livenessOf,
  parseIdentity,
  pidIfAlive,
  type ProcessIdentity,
} from "../process-identity.ts";
import type { Random } from "../random.ts";

const pollMs = 20;

export interface HeldLock {
  /** Identifies this process in persistent records: see `isGone`. */
  readonly owner: string;
  /** Identifies this acquisition, for the process that takes the lock over (`FileLock.takeOver`). */
  readonly handoverId: string;
  /** False once the lock was removed, or another process has taken it over. */
  isOwned(): Promise<boolean>;
  /** Never fails, and never removes a lock that this process no longer owns. */
  release(): Promise<void>;
}

/** Another process held the lock until the timeout. */
export interface BusyLock {
  /** The holder's pid, if it is certainly a running process of this host. */
  holderPid: number | undefined;
}

interface FileLockDeps {
  clock: Clock;
  random: Random;
  self: ProcessIdentity;
}

/**
 * Mutual exclusion between processes of one machine: a directory that contains one file, named after its owner. Why
 * it isn't proper-lockfile: docs/decisions.md#the-file-lock-is-ours.
 * - Acquiring is one `rename` of a prepared directory, which fails if the target isn't empty.
 * - Taking over is one `rename` of the dead owner's file: the old name exists once, so exactly one process succeeds.
 * - Release removes only the process's own file, so an overtaken holder can't harm its successor.
 * - A live owner is never overtaken, however long it is suspended; a dead one is overtaken at once. Age counts only if
 *   the owner's liveness is unknown (another host, or a system without /proc).
 *
 * proper-lockfile locks the same path with an empty directory, which is respected while it is fresh. One race remains:
 * if it appears between the check and the `rename`, it is replaced. To exclude that, also hold a lock of this class.
 */
export class FileLock {
  readonly #path: string;
  readonly #deps: FileLockDeps;
  #counter = 0;
  #swept = false;

  constructor(path: string, deps: FileLockDeps) {
    this.#path = path;
    this.#deps = deps;
  }

  /**
   * Acquires the lock; on timeout, resolves with the current holder.
   *
   * @param waitMs 0 tries once
   * @throws CodexError `STORAGE` if the lock can't be created (permissions, disk, something else at the path)
   */
  async acquire(waitMs: number, signal?: AbortSignal): Promise<HeldLock | BusyLock> {
    const { clock, random, self } = this.#deps;
    const id = `${formatIdentity(self)}.${this.#counter++}`;
    const ownerFile = `owner.${id}`;
    const prepared = `${this.#path}.prep.${id}`;
    const deadline = clock.elapsed() + waitMs;
    try {
      await this.#sweep();
      await mkdir(prepared, { mode: 0o700 });
      await chmod(prepared, ownLockMode); // some systems ignore the sticky bit in mkdir
      await (await open(join(prepared, ownerFile), "wx", 0o600)).close();
      for (;;) {
        const obstacle = await this.#tryEnter(prepared, ownerFile);
        if (obstacle === undefined) return this.#heldLock(ownerFile);
        if (clock.elapsed() >= deadline) return { holderPid: obstacle.pid };
        await sleep(clock, pollMs * (1 + random.fraction()), signal);
      }
    } catch (error) {
      throw storageError(error, this.#path, "take the lock");
    } finally {
      await unlink(join(prepared, ownerFile)).catch(() => undefined);
      await rmdir(prepared).catch(() => undefined);
    }
  }

  /**
   * Takes the lock over from the process that holds it, by its `HeldLock.handoverId`; undefined if the lock was removed
   * or taken by another process.
   *
   * @throws CodexError `STORAGE`
   */
  async takeOver(handoverId: string): Promise<HeldLock | undefined> {
    if (!ownerPattern.test(handoverId)) return undefined;
    const ownerFile = `owner.${formatIdentity(this.#deps.self)}.${this.#counter++}`;
    try {
      const taken = await succeeds(rename(join(this.#path, handoverId), join(this.#path, ownerFile)));
      return taken ? this.#heldLock(ownerFile) : undefined;
    } catch (error) {
      throw storageError(error, this.#path, "take the lock");
    }
  }

  /** Whether the process of a `HeldLock.owner` has ended; false if that is unknown. */
  isGone(owner: string): boolean {
    const identity = parseIdentity(owner);
    return identity !== undefined && livenessOf(identity, this.#deps.self) === "dead";
  }

  /** Tries once; resolves with the obstacle, or undefined if the lock is acquired. */
  async #tryEnter(prepared: string, ownerFile: string): Promise<{ pid?: number | undefined } | undefined> {
    const content = await inspectLock(this.#path, this.#deps.clock);
    if (content.kind === "other-tool") return {};
    if (content.kind === "abandoned") await rmdir(this.#path).catch(() => undefined);
    if (content.kind !== "owned") return (await succeeds(rename(prepared, this.#path))) ? undefined : {};
    const { name, identity, ageMs } = content;
    const { self } = this.#deps;
    if (!isStale(identity, self, ageMs)) return { pid: pidIfAlive(identity, self) };
    const taken = await succeeds(rename(join(this.#path, name), join(this.#path, ownerFile)));
    return taken ? undefined : {};
  }

  #heldLock(ownerFile: string): HeldLock {
    const own = join(this.#path, ownerFile);
    return {
      owner: formatIdentity(this.#deps.self),
      handoverId: ownerFile,
      isOwned: () => succeeds(lstat(own)).catch(() => false),
      release: async () => {
        // A kill between the two calls leaves an empty directory, which its mode identifies as ours. Errors are
        // ignored: they must not hide the result of the work that the lock protected.
        await unlink(own)
          .then(() => rmdir(this.#path))
          .catch(() => undefined);
      },
    };
  }

  /** Removes the prepared directories of processes that were killed while they waited. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const { clock, self } = this.#deps;
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path)}.prep.`;
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.startsWith(prefix)) continue;
      const id = name.slice(prefix.length);
      const owner = parseIdentity(id.split(".")[0] ?? "");
      const stat = await lstat(join(folder, name)).catch(() => undefined);
      if (owner === undefined || stat?.isDirectory() !== true) continue;
      if (!isStale(owner, self, clock.now() - stat.mtimeMs)) continue;
      await unlink(join(folder, name, `owner.${id}`)).catch(() => undefined);
      await rmdir(join(folder, name)).catch(() => undefined);
    }
  }
}

/** Whether `FileLock.acquire` acquired the lock. For whether it is still owned, see `isOwned`. */
export function isHeld(lock: HeldLock | BusyLock): lock is HeldLock {
  return "release" in lock;
}
