import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseIdentity } from "../../src/platform/process-identity.ts";
import type { Home } from "./home.ts";

/** A claim on a refresh as it is on the disk. */
export interface StoredClaim {
  name: string;
  /** The owner's pid; 0 while the file is being written. */
  pid: number;
  outcome: string | undefined;
}

export function claimsFolder(home: Home): string {
  return `${home.authFile}.claims`;
}

/** All claims, ended ones too. */
export function claimsOf(home: Home): StoredClaim[] {
  return namesIn(claimsFolder(home))
    .filter((name) => !name.endsWith(".start"))
    .map((name) => {
      const { owner = "", outcome } = contentOf(join(claimsFolder(home), name));
      return { name, pid: parseIdentity(owner)?.pid ?? 0, outcome };
    });
}

/** The process whose refresh is not over. */
export function refreshPid(home: Home): number | undefined {
  return claimsOf(home).find(({ pid, outcome }) => pid !== 0 && outcome === undefined)?.pid;
}

/** Whether a process has a refreshed login that it is still saving. */
export function isSaving(home: Home): boolean {
  return claimsOf(home).some(({ pid, outcome }) => outcome === "granted" && isRunning(pid));
}

/** Resolves when the process has ended; a zombie has. */
export async function processGone(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
}

function isRunning(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !text.slice(text.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function contentOf(path: string): { owner?: string; outcome?: string } {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as { owner?: string; outcome?: string };
  } catch {
    return {}; // removed, or being written
  }
}
