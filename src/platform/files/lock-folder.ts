import { lstat, readdir } from "node:fs/promises";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import type { Clock } from "../clock.ts";
import { errnoOf } from "./errors.ts";
import { parseIdentity, type ProcessIdentity } from "../process-identity.ts";

/** An empty lock directory is somebody else's: proper-lockfile's kind, kept fresh by its mtime. */
const foreignStaleMs = 10_000;

/** Of our lock's directory; no other program sets the sticky bit, which tells ours when it is empty. */
export const ownLockMode = 0o1700;

const maxReadings = 5;

/** The one file in the lock's directory. */
export const ownerPattern = /^owner\.([^.]+)\.\d+$/;

/** A lock as it is found (`FileLock`). */
export type LockContent = { kind: "free" } | { kind: "other-tool" } | { kind: "abandoned" } | OwnedLock;

/** The same before it is judged: "It …" and why, where it is nothing that can be a lock. */
type LockReading =
  { kind: "free" } | { kind: "empty"; ageMs: number } | { kind: "unexpected"; why: string } | OwnedLock;

interface OwnedLock {
  kind: "owned";
  /** Of its one file. */
  name: string;
  identity: ProcessIdentity;
  ageMs: number;
}

/**
 * What stands in the lock's place now.
 *
 * @throws CodexError `STORAGE` when it is nothing that can be a lock.
 */
export async function inspectLock(path: string, clock: Clock): Promise<LockContent> {
  const found = await readLock(path, clock.now());
  switch (found.kind) {
    case "unexpected":
      throw unexpected(path, `It ${found.why}.`);
    case "empty":
      // An mtime of the future cannot be a live holder's: the clock was set back.
      return { kind: Math.abs(found.ageMs) < foreignStaleMs ? "other-tool" : "abandoned" };
    default:
      return found;
  }
}

/**
 * What stands in the lock's place, without a judgement; ages below zero are of a future mtime.
 *
 * @throws whatever the system says when it cannot be looked at
 */
export async function readLock(path: string, now: number): Promise<LockReading> {
  const stat = await lstat(path).catch(ignoreMissing);
  if (stat === undefined) return { kind: "free" };
  if (!stat.isDirectory()) return { kind: "unexpected", why: "is not a directory" };
  const names = await namesIn(path);
  if (names === undefined) return { kind: "free" };
  const [name, ...others] = names;
  const ageMs = now - stat.mtimeMs;
  if (name === undefined) {
    return (stat.mode & 0o1000) === 0 ? { kind: "empty", ageMs } : { kind: "free" };
  }
  const identity = parseIdentity(ownerPattern.exec(name)?.[1] ?? "");
  if (identity === undefined || others.length > 0) {
    return { kind: "unexpected", why: "holds files that codex-oauth did not put there" };
  }
  return { kind: "owned", name, identity, ageMs };
}

/** A reading that meets the rename of an owner's file may see it under both names: look again. */
async function namesIn(path: string): Promise<string[] | undefined> {
  for (let reading = 1; ; reading++) {
    const names = await readdir(path).catch(ignoreMissing);
    const torn = (names?.length ?? 0) > 1 && names?.every((name) => ownerPattern.test(name));
    if (!torn || reading === maxReadings) return names;
  }
}

function unexpected(path: string, why: string): CodexError {
  return new CodexError("STORAGE", `The lock ${path} cannot be used.`, {
    why,
    next: [act(`Remove ${path}`), retry],
  });
}

/** Whether the operation worked; contention is the only failure that is an answer. */
export async function succeeds(operation: Promise<unknown>): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    const contention = ["ENOENT", "ENOTEMPTY", "EEXIST", "EPERM", "EACCES", "EBUSY"];
    const code = errnoOf(error) ?? "";
    const windowsOnly = ["EPERM", "EACCES", "EBUSY"].includes(code) && process.platform !== "win32";
    if (contention.includes(code) && !windowsOnly) return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (errnoOf(error) === "ENOENT") return undefined;
  throw error;
}
