import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { createHash } from "node:crypto";
import type { Random } from "./random.ts";

/** Nothing of ours holds or prepares anything for longer than a minute. */
const unknownOwnerStaleMs = 10 * 60_000;

/**
 * A process as others can recognise it: `<pid>-<start>-<host>-<nonce>`. `start` tells a reused pid apart, `host` (name,
 * boot and pid namespace) tells where the pid means anything.
 */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot; "0" where the system does not tell. */
  start: string;
  host: string;
  nonce: string;
}

/** Who this process is. */
export function identifySelf(pid: number, random: Random): ProcessIdentity {
  const bootId = textOf("/proc/sys/kernel/random/boot_id");
  const namespace = orEmpty(() => readlinkSync("/proc/self/ns/pid"));
  const host = createHash("sha256").update([hostname(), bootId, namespace].join("\n")).digest("hex").slice(0, 12);
  const stat = statOf(pid);
  return { pid, start: stat?.start ?? "0", host, nonce: random.bytes(6).toString("hex") };
}

/** As it stands in names of files and in notes; it has no dot, so that one may follow. */
export function formatIdentity(identity: ProcessIdentity): string {
  return [identity.pid, identity.start, identity.host, identity.nonce].join("-");
}

/** What `formatIdentity` wrote, or undefined for any other text. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^(\d{1,10})-(\d{1,20})-([0-9a-f]{12})-([0-9a-f]{12})$/.exec(text);
  if (match === null) return undefined;
  const [, pid, start, host, nonce] = match as unknown as [string, string, string, string, string];
  return { pid: Number(pid), start, host, nonce };
}

/**
 * Whether that process still runs; "unknown" when it lives on another host or in another pid namespace, or when the
 * system cannot tell a reused pid from the old one.
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
  // A zombie still answers to signal 0, but it will never release anything.
  if (stat.state === "Z" || stat.state === "X") return "dead";
  if (other.start === "0") return "unknown";
  return stat.start === other.start ? "alive" : "dead";
}

/** The pid of a process that runs here for certain: only then it means anything to a person. */
export function pidIfAlive(other: ProcessIdentity, self: ProcessIdentity): number | undefined {
  return livenessOf(other, self) === "alive" ? other.pid : undefined;
}

/**
 * Whether what that process left can be taken or removed: it has ended, or nobody can tell and its trace is old. An age
 * below zero is one, too: the clock was set back.
 */
export function isStale(other: ProcessIdentity, self: ProcessIdentity, ageMs: number): boolean {
  const liveness = livenessOf(other, self);
  return liveness === "dead" || (liveness === "unknown" && Math.abs(ageMs) > unknownOwnerStaleMs);
}

function statOf(pid: number): { state: string; start: string } | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything.
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
