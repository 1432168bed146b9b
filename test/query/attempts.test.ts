import { expect, test } from "vitest";
import { retryDelayMs } from "../../src/query/attempts.ts";
import { fc } from "../support/chance.ts";

test("without a word of the service the pauses double", () => {
  expect([1, 2, 3].map((attempt) => retryDelayMs(attempt, undefined, 500, 0))).toEqual([500, 1000, 2000]);
});

test("jitter adds at most half of the pause", () => {
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 }), fraction, (attempt, random) => {
      const base = 500 * 2 ** (attempt - 1);
      const delay = retryDelayMs(attempt, undefined, 500, random);
      expect(delay).toBeGreaterThanOrEqual(base);
      expect(delay).toBeLessThanOrEqual(base * 1.5);
    }),
  );
});

test("Retry-After is never undercut, and hardly exceeded", () => {
  const wait = fc.integer({ min: 0, max: 60_000 });
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(wait, fraction, (retryAfterMs, random) => {
      const delay = retryDelayMs(2, retryAfterMs, 500, random);
      expect(delay).toBeGreaterThanOrEqual(retryAfterMs);
      expect(delay).toBeLessThanOrEqual(retryAfterMs + 500);
    }),
  );
});
