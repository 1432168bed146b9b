import { expect, test } from "vitest";
import { quotaFromEvent, quotaFromHeaders, rateLimitsEvent } from "../../src/quota/rate-limit-headers.ts";
import {
  defaultRateLimitHeaders,
  rateLimitsEvent as simulatedEvent,
  weeklyOnlyRateLimitHeaders,
} from "../simulator/index.ts";
import { fc } from "../support/chance.ts";

const now = Date.UTC(2026, 10, 20, 12);

test("reads both windows of a live-like answer", () => {
  expect(quotaFromHeaders(defaultRateLimitHeaders(now, "plus"), now)).toEqual({
    plan: "plus",
    seenAt: now,
    windows: [
      { usedPercent: 12, windowMinutes: 300, resetsAt: now + 7_200_000 },
      { usedPercent: 34, windowMinutes: 10_080, resetsAt: now + 155_800_000 },
    ],
  });
});

test("a weekly window in the first place is a weekly window", () => {
  const quota = quotaFromHeaders(weeklyOnlyRateLimitHeaders(now, "pro"), now);
  expect(quota?.windows).toEqual([{ usedPercent: 22, windowMinutes: 10_080, resetsAt: now + 155_800_000 }]);
});

test("windows are found in either position, and no position is a window by itself", () => {
  const window = fc.record({
    used: fc.integer({ min: 0, max: 100 }),
    minutes: fc.constantFrom(0, 300, 10_080),
    resetAt: fc.constantFrom("", "1795203728"),
  });
  fc.assert(
    fc.property(window, window, (primary, secondary) => {
      const headers = Object.fromEntries(
        Object.entries({ primary, secondary }).flatMap(([position, { used, minutes, resetAt }]) => [
          [`x-codex-${position}-used-percent`, String(used)],
          [`x-codex-${position}-window-minutes`, String(minutes)],
          [`x-codex-${position}-reset-at`, resetAt],
        ]),
      );
      const expected = [primary, secondary].filter(({ minutes }) => minutes > 0);
      expect(quotaFromHeaders(headers, now)?.windows ?? []).toEqual(
        expected.map(({ used, minutes, resetAt }) => ({
          usedPercent: used,
          windowMinutes: minutes,
          resetsAt: resetAt === "" ? undefined : 1_795_203_728_000,
        })),
      );
    }),
  );
});

test("whatever the headers hold, a window has sane numbers", () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom("101", "-1", "NaN", "1e9", "True", "12.5", "0", "99999999999999999999"),
  );
  fc.assert(
    fc.property(value, value, value, (used, minutes, resetAt) => {
      const quota = quotaFromHeaders(
        {
          "x-codex-secondary-used-percent": used,
          "x-codex-secondary-window-minutes": minutes,
          "x-codex-secondary-reset-at": resetAt,
        },
        now,
      );
      for (const window of quota?.windows ?? []) {
        expect(window.usedPercent).toBeGreaterThanOrEqual(0);
        expect(window.usedPercent).toBeLessThanOrEqual(100);
        expect(window.windowMinutes).toBeGreaterThan(0);
        expect(Number.isFinite(window.resetsAt ?? 0)).toBe(true);
      }
    }),
  );
});

test.each([
  ["codex_bengalfox", 95],
  ["Codex_Bengalfox", 95],
  ["codex-bengalfox", 95],
  ["codex", 5],
  ["premium", 5], // a name without windows of its own
  ["", 5],
  ["a b\u009b", 5],
])("of several families the limit in force counts: %j", (active, usedPercent) => {
  const headers = {
    "x-codex-active-limit": active,
    "x-codex-primary-used-percent": "5",
    "x-codex-primary-window-minutes": "300",
    "x-codex-bengalfox-primary-used-percent": "95",
    "x-codex-bengalfox-primary-window-minutes": "300",
  };
  expect(quotaFromHeaders(headers, now)?.windows).toEqual([{ usedPercent, windowMinutes: 300, resetsAt: undefined }]);
});

test("no headers are no quota, not a full one", () => {
  expect(quotaFromHeaders({ "x-codex-plan-type": "plus" }, now)).toBeUndefined();
});

test("the event of the stream says the same", () => {
  const week = { used_percent: 41, window_minutes: 10_080, reset_at: 1_795_203_728 };
  const event = rateLimitsEvent.parse(
    simulatedEvent({ primary: null, secondary: { ...week, reset_after_seconds: 5 } }),
  );
  expect(quotaFromEvent(event, now)).toEqual({
    plan: "plus",
    seenAt: now,
    windows: [{ usedPercent: 41, windowMinutes: 10_080, resetsAt: 1_795_203_728_000 }],
  });
});

test.each([
  ["nothing in it", {}],
  ["no windows", { rate_limits: null }],
  ["odd windows", { rate_limits: { primary: "full", secondary: 3 } }],
  ["odd limits", { rate_limits: "none" }],
])("an event with %s is ignored", (_, fields) => {
  const event = rateLimitsEvent.parse({ type: "codex.rate_limits", ...fields });
  expect(quotaFromEvent(event, now)).toBeUndefined();
});
