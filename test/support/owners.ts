import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { formatIdentity, identifySelf, type ProcessIdentity } from "../../src/platform/process-identity.ts";
import { systemRandom } from "../../src/platform/random.ts";

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

/** A lock of our kind as its owner left it, as old as that. */
export function plantLock(path: string, owner: ProcessIdentity, ageMs = 0): void {
  mkdirSync(path);
  writeFileSync(join(path, `owner.${formatIdentity(owner)}.0`), "");
  setAge(path, ageMs);
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
