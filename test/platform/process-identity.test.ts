import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import {
  formatIdentity,
  identifySelf,
  isStale,
  livenessOf,
  parseIdentity,
} from "../../src/platform/process-identity.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { deadProcess, foreignProcess, liveProcess } from "../support/owners.ts";

const self = identifySelf(process.pid, systemRandom);
/** Only Linux tells when a process started and whether it is a zombie. */
const hasProc = existsSync("/proc/self/stat");
const minute = 60_000;

async function procSays(path: string, text: string): Promise<void> {
  while (!readFileSync(path, "utf8").includes(text)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("an identity survives being written into a file name", () => {
  expect(parseIdentity(formatIdentity(self))).toEqual(self);
  expect(formatIdentity(self)).toMatch(/^[\w-]+$/);
});

test.each(["", "1", "1-2-3-4", `${process.pid}-1-0123456789ab-0123456789ab.x`, "../../etc/passwd"])(
  "%j names no process",
  (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  },
);

test("this process is alive, under another nonce too", () => {
  expect(livenessOf(self, self)).toBe("alive");
  const other = identifySelf(process.pid, systemRandom);
  expect(livenessOf(other, self)).toBe(hasProc ? "alive" : "unknown");
});

test("another running process is alive and an ended one is dead", () => {
  expect(livenessOf(liveProcess(), self)).toBe(hasProc ? "alive" : "unknown");
  expect(livenessOf(deadProcess(), self)).toBe("dead");
});

test("a process on another host is unknown, whatever runs here under its pid", () => {
  expect(livenessOf(foreignProcess(), self)).toBe("unknown");
  expect(livenessOf({ ...deadProcess(), host: "0123456789ab" }, self)).toBe("unknown");
});

test.skipIf(!hasProc)("a reused pid is not taken for the old process (needs /proc)", () => {
  const reused = { ...liveProcess(), start: "1" };
  expect(livenessOf(reused, self)).toBe("dead");
  expect(livenessOf({ ...self, start: "1", nonce: "0123456789ab" }, self)).toBe("dead");
});

test.skipIf(!hasProc)("a process whose start nobody noted is unknown (needs /proc)", () => {
  expect(livenessOf({ ...liveProcess(), start: "0" }, self)).toBe("unknown");
});

test.skipIf(!hasProc)("a zombie counts as dead though it answers to signals (needs /proc)", async () => {
  // The shell becomes a program that never collects its child.
  const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => {
    parent.kill("SIGKILL");
  });
  const [output] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(output.toString());
  const child = identifySelf(pid, systemRandom);
  await procSays(`/proc/${parent.pid ?? 0}/comm`, "sleep");
  process.kill(pid, "SIGKILL");
  await procSays(`/proc/${pid}/stat`, ") Z ");
  expect(process.kill(pid, 0)).toBe(true);
  expect(livenessOf(child, self)).toBe("dead");
});

test("the trace of a process that nobody can judge is abandoned after ten minutes", () => {
  const foreign = foreignProcess();
  expect(isStale(foreign, self, 9 * minute)).toBe(false);
  expect(isStale(foreign, self, 11 * minute)).toBe(true);
  expect(isStale(foreign, self, -11 * minute)).toBe(true);
});

test("age does not matter where life can be told", () => {
  expect(isStale(self, self, 1000 * minute)).toBe(false);
  expect(isStale(deadProcess(), self, 0)).toBe(true);
});
