import { lstat, readdir } from "node:fs/promises";
import { errnoOf } from "./fs-errors.ts";
import { livenessOf, parseIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What stands in a lock's place. */
export type LockReport =
  | { kind: "free" }
  | { kind: "held"; pid: number; life: "alive" | "dead" | "unknown"; ageMs: number }
  /** An empty directory, which other programs use as a lock. */
  | { kind: "foreign"; ageMs: number }
  /** The folder around it may not be entered, which is told about the folder. */
  | { kind: "hidden" }
  /** Something that no program of ours put there, or that cannot be looked at. */
  | { kind: "strange"; why: string };

/** Look at a lock (see `FileLock`) without any change to it. Never fails. */
export async function reportLock(
  path: string,
  self: ProcessIdentity,
  now: number,
): Promise<LockReport> {
  try {
    const stat = await lstat(path).catch((error: unknown) => {
      if (errnoOf(error) === "EACCES") return undefined;
      throw error;
    });
    if (stat === undefined) return { kind: "hidden" };
    if (!stat.isDirectory()) return { kind: "strange", why: "it is not a directory" };
    const ageMs = Math.max(0, now - stat.mtimeMs);
    const [name, ...others] = await readdir(path);
    if (name === undefined) return { kind: "foreign", ageMs };
    const owner = parseIdentity(/^owner\.([^.]+)\.\d+$/.exec(name)?.[1] ?? "");
    if (owner === undefined || others.length > 0) {
      return { kind: "strange", why: "it holds files that codex-oauth did not put there" };
    }
    return { kind: "held", pid: owner.pid, life: livenessOf(owner, self), ageMs };
  } catch (error) {
    const code = errnoOf(error) ?? "unknown cause";
    if (code === "ENOENT") return { kind: "free" };
    return { kind: "strange", why: `it cannot be looked at (${code})` };
  }
}
