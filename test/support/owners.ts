import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ClaimRecord } from "../../src/auth/session/refresh-claim.ts";
import {
  formatIdentity,
  identifySelf,
  systemUptimeMs,
  type ProcessIdentity,
} from "../../src/platform/process-identity.ts";
import { fingerprint, systemRandom } from "../../src/platform/random.ts";
import { claimsFolder } from "./claims.ts";
import type { Home } from "./home.ts";

export const anHourMs = 3_600_000;

/** A process of this machine that has ended; of another start, should its pid be in use again. */
export function deadProcess(): ProcessIdentity {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  return { ...identifySelf(pid, systemRandom), start: "1" };
}

/** A process that runs until the test ends. */
export function liveProcess(): ProcessIdentity {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return identifySelf(child.pid ?? 0, systemRandom);
}

/** A process of which this machine can say nothing. */
export function foreignProcess(): ProcessIdentity {
  return { ...identifySelf(process.pid, systemRandom), host: "0123456789ab" };
}

/** What a test says of a claim; the rest is a refresh that has just begun. */
export type PlantedClaim = Partial<Omit<ClaimRecord, "owner">> & { owner: ProcessIdentity | string; number?: number };

/** A claim on the refresh token, as its owner left it: 1 KiB of JSON and blanks. Gives its path. */
export function plantClaim(home: Home, refreshToken: string, { owner, number = 1, ...record }: PlantedClaim): string {
  const claim = {
    attempts: 0,
    at: Date.now(),
    uptimeMs: systemUptimeMs(),
    ...record,
    owner: typeof owner === "string" ? owner : formatIdentity(owner),
  };
  mkdirSync(claimsFolder(home), { recursive: true, mode: 0o700 });
  const path = join(claimsFolder(home), `${fingerprint(refreshToken)}.${number}`);
  writeFileSync(path, JSON.stringify(claim).padEnd(1_024), { mode: 0o600 });
  return path;
}

/** The content of such a file. */
export function claimAt(path: string): ClaimRecord {
  return JSON.parse(readFileSync(path, "utf8")) as ClaimRecord;
}

/** A lock of proper-lockfile's kind: an empty directory, kept fresh by its mtime. */
export function plantForeignLock(path: string, ageMs: number): void {
  mkdirSync(path);
  setAge(path, ageMs);
}

export function setAge(path: string, ageMs: number): void {
  const at = new Date(Date.now() - ageMs);
  utimesSync(path, at, at);
}
