import { lstat, readdir } from "node:fs/promises";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import type { Clock } from "../clock.ts";
import { livenessOf, parseIdentity, type ProcessIdentity } from "../process-identity.ts";
import { errnoOf } from "./errors.ts";
import { closedFolder } from "./path-facts.ts";

/** An empty lock directory belongs to proper-lockfile, which refreshes its mtime while it holds the lock. */
const foreignStaleMs = 10_000;

/** Mode of our lock directory; the sticky bit, which no other program sets, identifies it when it is empty. */
export const ownLockMode = 0o1700;

const maxReadings = 5;

/** The only file in the lock directory. */
export const ownerPattern = /^owner\.([^.]+)\.\d+$/;

type LockContent = { kind: "free" } | { kind: "other-tool" } | { kind: "abandoned" } | OwnedLock;

/** `why` completes "It …": the path can't be a lock. */
type LockReading =
  { kind: "free" } | { kind: "empty"; ageMs: number } | { kind: "unexpected"; why: string } | OwnedLock;

interface OwnedLock {
  kind: "owned";
  /** Name of its owner file. */
  name: string;
  identity: ProcessIdentity;
  ageMs: number;
}

/** State of a lock, for the doctor. */
export type LockReport =
  | { kind: "free" }
  | { kind: "held"; pid: number; liveness: "alive" | "dead" | "unknown"; ageMs: number }
  /** An empty directory, which other programs use as a lock. */
  | { kind: "other-tool"; ageMs: number }
  /** The user may not enter a folder above it, which has a finding of its own. */
  | { kind: "inaccessible" }
  /** Something that codex-oauth didn't create, or that can't be read. */
  | { kind: "unexpected"; why: string };

/**
 * Reads the state of the lock, for `FileLock`.
 *
 * @throws CodexError `STORAGE` if the path holds something that can't be a lock
 */
export async function inspectLock(path: string, clock: Clock): Promise<LockContent> {
  const found = await readLock(path, clock.now());
  switch (found.kind) {
    case "unexpected":
      throw new CodexError("STORAGE", `The lock ${path} cannot be used.`, {
        why: `It ${found.why}.`,
        next: [act(`Remove ${path}`), retry],
      });
    case "empty":
      // A live holder's mtime is never in the future: the clock was set back.
      return { kind: Math.abs(found.ageMs) < foreignStaleMs ? "other-tool" : "abandoned" };
    default:
      return found;
  }
}

/** Reads the state of the lock without changing it. Never fails. */
export async function reportLock(path: string, self: ProcessIdentity, now: number): Promise<LockReport> {
  if ((await closedFolder(path)) !== undefined) return { kind: "inaccessible" };
  try {
    const found = await readLock(path, now);
    switch (found.kind) {
      case "free":
        return found;
      case "unexpected":
        return { kind: "unexpected", why: `it ${found.why}` };
      case "empty":
        return { kind: "other-tool", ageMs: Math.max(0, found.ageMs) };
      case "owned": {
        const { identity, ageMs } = found;
        return {
          kind: "held",
          pid: identity.pid,
          liveness: livenessOf(identity, self),
          ageMs: Math.max(0, ageMs),
        };
      }
    }
  } catch (error) {
    return { kind: "unexpected", why: `it cannot be looked at (${errnoOf(error) ?? "unknown cause"})` };
  }
}

/**
 * Ages are negative if the mtime is in the future.
 *
 * @throws the system's error if the path can't be read
 */
async function readLock(path: string, now: number): Promise<LockReading> {
  const stat = await lstat(path).catch(ignoreMissing);
  if (stat === undefined) return { kind: "free" };
  if (!stat.isDirectory()) return { kind: "unexpected", why: "is not a directory" };
  const names = await namesIn(path);
  if (names === undefined) return { kind: "free" };
  const [name, ...others] = names;
  const ageMs = now - stat.mtimeMs;
  if (name === undefined) return (stat.mode & 0o1000) === 0 ? { kind: "empty", ageMs } : { kind: "free" };
  const identity = parseIdentity(ownerPattern.exec(name)?.[1] ?? "");
  if (identity === undefined || others.length > 0) {
    return { kind: "unexpected", why: "holds files that codex-oauth did not put there" };
  }
  return { kind: "owned", name, identity, ageMs };
}

/** A reading during the rename of an owner file may list both names, and is repeated. */
async function namesIn(path: string): Promise<string[] | undefined> {
  for (let reading = 1; ; reading++) {
    const names = await readdir(path).catch(ignoreMissing);
    const torn = (names?.length ?? 0) > 1 && names?.every((name) => ownerPattern.test(name));
    if (!torn || reading === maxReadings) return names;
  }
}

/** False if the operation failed because of contention; other errors are rethrown. */
export async function succeeds(operation: Promise<unknown>): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    const code = errnoOf(error) ?? "";
    const windowsContention = process.platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes(code);
    if (windowsContention || ["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (errnoOf(error) === "ENOENT") return undefined;
  throw error;
}
