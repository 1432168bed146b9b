import { expect, test } from "vitest";
import type { Quota } from "../../src/quota/quota.ts";
import { quotaLines, quotaSummary } from "../../src/render/quota.ts";

const now = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;

function quota(usedPercent: number, windowMinutes: number, resetsAt?: number): Quota {
  return {
    plan: "plus",
    seenAt: now - 12 * 60_000,
    windows: [{ usedPercent, windowMinutes, resetsAt }],
  };
}

test("a report has a bar for each window, and the age of the facts", () => {
  expect(quotaLines(quota(75, 300, now + hour), now, "UTC")).toEqual([
    "Quota, as seen 12 min ago:",
    "  5 h   █████░░░░░░░░░░░░░░░ 25 % left, resets 13:00",
  ]);
});

test.each([
  [0, "█".repeat(20), 100],
  [100, "░".repeat(20), 0],
  [99.6, "░".repeat(20), 0],
])("a bar for %d percent used", (used, bar, left) => {
  expect(quotaLines(quota(used, 10_080), now, "UTC")[1]).toBe(`  week  ${bar} ${left} % left`);
});

test("a reset that has passed is said, since the number is then an old one", () => {
  expect(quotaSummary(quota(100, 300, now - hour), now, "UTC")).toBe("5 h: 0 % left, has been reset since");
});

test("no window is no text", () => {
  expect(quotaSummary({ windows: [], seenAt: now, plan: undefined }, now, "UTC")).toBe("");
});
