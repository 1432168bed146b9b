import { readFileSync, readlinkSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { createHash } from "node:crypto";
import type { Random } from "./random.ts";

/** A process needs a temporary file for less than ten minutes. */
const unknownOwnerStaleMs = 10 * 60_000;

/**
 * Identifies a process to others, as `<pid>-<start>-<host>-<nonce>`. `start` detects a reused pid. `host` is the scope
 * in which the pid is valid: a digest of boot id and pid namespace, or of the host name, which can change, if the system
 * has neither.
 */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot; "0" if the system doesn't report it. */
  start: string;
  host: string;
  nonce: string;
}

/** The identity of this process. */
export function identifySelf(pid: number, random: Random): ProcessIdentity {
  const bootId = textOf("/proc/sys/kernel/random/boot_id");
  const namespace = orEmpty(() => readlinkSync("/proc/self/ns/pid"));
  const scope = bootId !== "" && namespace !== "" ? [bootId, namespace] : [hostname()];
  const host = createHash("sha256").update(scope.join("\n")).digest("hex").slice(0, 12);
  const stat = statOf(pid);
  return { pid, start: stat?.start ?? "0", host, nonce: random.bytes(6).toString("hex") };
}

/** Ms since this system started: time that all its processes share, and that no change of its clock moves. */
export function systemUptimeMs(): number {
  return Math.round(uptime() * 1_000);
}

/** The identity for file names and claims; it contains no dot, so a suffix can follow one. */
export function formatIdentity(identity: ProcessIdentity): string {
  return [identity.pid, identity.start, identity.host, identity.nonce].join("-");
}

/** Parses the output of `formatIdentity`; undefined for any other text. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^(\d{1,10})-(\d{1,20})-([0-9a-f]{12})-([0-9a-f]{12})$/.exec(text);
  if (match === null) return undefined;
  const [, pid, start, host, nonce] = match as unknown as [string, string, string, string, string];
  return { pid: Number(pid), start, host, nonce };
}

/**
 * Whether that process still runs. "unknown" if it belongs to another host or pid namespace, or if the system can't
 * tell a reused pid from the old one.
 */
export function livenessOf(other: ProcessIdentity, self: ProcessIdentity): "alive" | "dead" | "unknown" {
  if (other.host !== self.host) return "unknown";
  if (other.pid === self.pid && other.nonce === self.nonce) return "alive";
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "dead";
  }
  const stat = statOf(other.pid);
  if (stat === undefined) return "unknown";
  // Signal 0 still succeeds for a zombie, which never releases anything.
  if (stat.state === "Z" || stat.state === "X") return "dead";
  if (other.start === "0") return "unknown";
  return stat.start === other.start ? "alive" : "dead";
}

/**
 * Whether a temporary file of that process can be removed: the process has ended, or its liveness is unknown and the
 * file is old. A negative age counts by its amount: the clock was set back.
 */
export function isStale(other: ProcessIdentity, self: ProcessIdentity, ageMs: number): boolean {
  const liveness = livenessOf(other, self);
  return liveness === "dead" || (liveness === "unknown" && Math.abs(ageMs) > unknownOwnerStaleMs);
}

function statOf(pid: number): { state: string; start: string } | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const start = fields[19];
  return state === undefined || start === undefined ? undefined : { state, start };
}

function textOf(path: string): string {
  return orEmpty(() => readFileSync(path, "utf8"));
}

/** These files exist on Linux only. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
