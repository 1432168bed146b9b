import { existsSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { beforeEach, expect, test, vi } from "vitest";
import { identifySelf, livenessOf, systemUptimeMs } from "../../src/platform/process-identity.ts";
import { systemRandom } from "../../src/platform/random.ts";

vi.mock("node:os", async (original) => ({
  ...(await original<object>()),
  hostname: vi.fn(),
  uptime: vi.fn(),
}));

const hasProc = existsSync("/proc/sys/kernel/random/boot_id") && existsSync("/proc/self/ns/pid");

beforeEach(() => {
  vi.mocked(hostname).mockReturnValue("before.example");
});

test.skipIf(!hasProc)("a new host name makes no other scope of a process (needs /proc)", () => {
  const before = identifySelf(process.pid, systemRandom);
  vi.mocked(hostname).mockReturnValue("after.example");
  const after = identifySelf(process.pid, systemRandom);
  expect(after.host).toBe(before.host);
  expect(livenessOf(before, after)).toBe("alive");
});

test("the uptime is in whole milliseconds", () => {
  vi.mocked(uptime).mockReturnValue(12.345_6);
  expect(systemUptimeMs()).toBe(12_346);
});
