import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { createHash } from "node:crypto";
import type { Random } from "./random.ts";

/**
 * A process as others can recognise it: `<pid>-<start>-<host>-<nonce>`. `start` tells a reused pid
 * apart, `host` (name, boot and pid namespace) tells where the pid means anything.
 */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot; "0" where the system does not tell. */
  start: string;
  host: string;
  nonce: string;
}

/** Who this process is. */
export async function identifySelf(pid: number, random: Random): Promise<ProcessIdentity> {
  const bootId = await textOf("/proc/sys/kernel/random/boot_id");
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  const host = createHash("sha256")
    .update([hostname(), bootId, namespace].join("\n"))
    .digest("hex")
    .slice(0, 12);
  const stat = await statOf(pid);
  return { pid, start: stat?.start ?? "0", host, nonce: random.bytes(6).toString("hex") };
}

export function formatIdentity(identity: ProcessIdentity): string {
  return [identity.pid, identity.start, identity.host, identity.nonce].join("-");
}

export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^(\d{1,10})-(\d{1,20})-([0-9a-f]{12})-([0-9a-f]{12})$/.exec(text);
  if (match === null) return undefined;
  const [, pid, start, host, nonce] = match as unknown as [string, string, string, string, string];
  return { pid: Number(pid), start, host, nonce };
}

/**
 * Whether that process still runs; "unknown" when it lives on another host or in another pid
 * namespace, or when the system cannot tell a reused pid from the old one.
 */
export async function livenessOf(
  other: ProcessIdentity,
  self: ProcessIdentity,
): Promise<"alive" | "dead" | "unknown"> {
  if (other.host !== self.host) return "unknown";
  if (other.pid === self.pid) return other.start === self.start ? "alive" : "dead";
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "dead";
  }
  const stat = await statOf(other.pid);
  if (stat === undefined) return "unknown";
  // A zombie still answers to signal 0, but it will never release anything.
  if (stat.state === "Z" || stat.state === "X") return "dead";
  if (other.start === "0") return "unknown";
  return stat.start === other.start ? "alive" : "dead";
}

async function statOf(pid: number): Promise<{ state: string; start: string } | undefined> {
  const text = await textOf(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const start = fields[19];
  return state === undefined || start === undefined ? undefined : { state, start };
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
