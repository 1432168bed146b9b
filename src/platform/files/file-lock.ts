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
  /** Names this process in notes that outlive it: see `isGone`. */
  readonly owner: string;
  /** Names this very holding, for the process that it is passed on to (`FileLock.adopt`). */
  readonly handoverId: string;
  /** False once the lock was removed, or another process has taken it over. */
  isOwned(): Promise<boolean>;
  /** Never fails, and never touches a lock that is no longer ours. */
  release(): Promise<void>;
}

/** The lock is held elsewhere and did not come free in time. */
export interface BusyLock {
  /** The holder's process id, where it certainly is one of this machine, and runs. */
  holderPid: number | undefined;
}

export interface FileLockDeps {
  clock: Clock;
  random: Random;
  self: ProcessIdentity;
}

/**
 * Mutual exclusion between processes of one machine, by a directory that holds one file named after its owner.
 *
 * Why not proper-lockfile, which the ecosystem uses: it judges a holder by the age of its lock. With many waiters on a
 * dead holder's lock it was seen to let two or three in at once, an overtaken holder's release removes its successor's
 * lock, and a suspended holder is overtaken between its check and its request. With refresh tokens that work once, each
 * of these loses a login. Here
 * - entering is one `rename` of a prepared directory, which fails while the target has content;
 * - takeover is one `rename` of the dead owner's file: the old name exists once, so one process wins;
 * - release removes only the own file, so an overtaken holder disturbs nobody;
 * - a live owner is never overtaken, however long it is suspended, and a dead one at once; only an owner whose life
 *   cannot be told (another host, or a system without /proc) is judged by age. An empty directory is how
 *   proper-lockfile locks the same file: it is respected while fresh. (Not in the instant between our look and our
 *   rename, which an empty directory does not stop: whoever needs more must hold a lock of our kind.)
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
   * The lock, or who has it when it does not come free within `waitMs` (0: do not wait).
   *
   * @throws CodexError `STORAGE` when the lock cannot exist (rights, disk, something else there).
   */
  async acquire(waitMs: number, signal?: AbortSignal): Promise<HeldLock | BusyLock> {
    const { clock, random, self } = this.#deps;
    const mine = `${formatIdentity(self)}.${this.#counter++}`;
    const ownerFile = `owner.${mine}`;
    const prepared = `${this.#path}.prep.${mine}`;
    const deadline = clock.elapsed() + waitMs;
    try {
      await this.#sweep();
      await mkdir(prepared, { mode: 0o700 });
      await chmod(prepared, ownLockMode); // mkdir itself takes no sticky bit everywhere
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
   * The lock that another process has passed on (its `HeldLock.pass`), by the same single rename that a take-over uses;
   * undefined when somebody has taken it over, or removed it, meanwhile.
   *
   * @throws CodexError `STORAGE`
   */
  async takeOver(pass: string): Promise<HeldLock | undefined> {
    if (!ownerPattern.test(pass)) return undefined;
    const ownerFile = `owner.${formatIdentity(this.#deps.self)}.${this.#counter++}`;
    try {
      const adopted = await succeeds(rename(join(this.#path, pass), join(this.#path, ownerFile)));
      return adopted ? this.#heldLock(ownerFile) : undefined;
    } catch (error) {
      throw storageError(error, this.#path, "take the lock");
    }
  }

  /** Whether the process that a `HeldLock.owner` names has ended; false when that cannot be told. */
  isGone(owner: string): boolean {
    const identity = parseIdentity(owner);
    return identity !== undefined && livenessOf(identity, this.#deps.self) === "dead";
  }

  /** One attempt; what is in the way, or undefined when the lock is ours. */
  async #tryEnter(prepared: string, ownerFile: string): Promise<{ pid?: number | undefined } | undefined> {
    const content = await inspectLock(this.#path, this.#deps.clock);
    if (content.kind === "other-tool") return {};
    if (content.kind === "abandoned") await rmdir(this.#path).catch(() => undefined);
    if (content.kind !== "owned") {
      return (await succeeds(rename(prepared, this.#path))) ? undefined : {};
    }
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
        // Who is killed between the two leaves an empty directory, which is known as ours by its mode. What was done
        // under the lock is done: trouble with the lock must not hide its result.
        await unlink(own)
          .then(() => rmdir(this.#path))
          .catch(() => undefined);
      },
    };
  }

  /** Remove what processes that were killed while they waited have left. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const { clock, self } = this.#deps;
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path)}.prep.`;
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.startsWith(prefix)) continue;
      const mark = name.slice(prefix.length);
      const owner = parseIdentity(mark.split(".")[0] ?? "");
      const stat = await lstat(join(folder, name)).catch(() => undefined);
      if (owner === undefined || stat?.isDirectory() !== true) continue;
      if (!isStale(owner, self, clock.now() - stat.mtimeMs)) continue;
      await unlink(join(folder, name, `owner.${mark}`)).catch(() => undefined);
      await rmdir(join(folder, name)).catch(() => undefined);
    }
  }
}

/** Whether `FileLock.acquire` gave the lock, not who else has it. Says nothing of later: see `isOwned`. */
export function isHeld(lock: HeldLock | BusyLock): lock is HeldLock {
  return "release" in lock;
}
