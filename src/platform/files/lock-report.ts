import { closedFolder } from "./path-facts.ts";
import { errnoOf } from "./errors.ts";
import { readLock } from "./lock-folder.ts";
import { livenessOf, type ProcessIdentity } from "../process-identity.ts";

/** What stands in a lock's place. */
export type LockReport =
  | { kind: "free" }
  | { kind: "held"; pid: number; liveness: "alive" | "dead" | "unknown"; ageMs: number }
  /** An empty directory, which other programs use as a lock. */
  | { kind: "other-tool"; ageMs: number }
  /** The folder around it may not be entered, which is told about the folder. */
  | { kind: "hidden" }
  /** Something that no program of ours put there, or that cannot be looked at. */
  | { kind: "unexpected"; why: string };

/** Look at a lock (see `FileLock`) without any change to it. Never fails. */
export async function reportLock(path: string, self: ProcessIdentity, now: number): Promise<LockReport> {
  if ((await closedFolder(path)) !== undefined) return { kind: "hidden" };
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
        const liveness = livenessOf(identity, self);
        return { kind: "held", pid: identity.pid, liveness, ageMs: Math.max(0, ageMs) };
      }
    }
  } catch (error) {
    return {
      kind: "unexpected",
      why: `it cannot be looked at (${errnoOf(error) ?? "unknown cause"})`,
    };
  }
}
