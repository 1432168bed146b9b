import { describe, expect, test } from "vitest";
import { defaultLimits } from "../../src/shared/limits.ts";
import { Progress } from "../../src/mcp/progress.ts";
import { fc } from "../support/chance.ts";
import { fakeClock } from "../support/fake-clock.ts";

interface Sent {
  at: number;
  count: number;
  words: string;
}

function watch() {
  const clock = fakeClock();
  const sent: Sent[] = [];
  const send = (count: number, words: string): void => {
    sent.push({ at: clock.elapsed(), count, words });
  };
  return { clock, sent, progress: new Progress(send, clock, defaultLimits) };
}

test("says the first thing at once", () => {
  const { progress, sent } = watch();
  progress.report(() => "thinking");
  expect(sent).toEqual([{ at: 0, count: 1, words: "thinking" }]);
});

test("sends at most four a second, and the last words rather than the first", async () => {
  const { clock, progress, sent } = watch();
  for (let n = 0; n < 1_000; n++) {
    progress.report(() => `writing ${n}`);
    await clock.advance(1);
  }
  expect(sent.map(({ at, words }) => [at, words])).toEqual([
    [0, "writing 0"],
    [250, "writing 249"],
    [500, "writing 499"],
    [750, "writing 749"],
    [1000, "writing 999"],
  ]);
});

test("says the last thing again every ten seconds while nothing new comes", async () => {
  const { clock, progress, sent } = watch();
  progress.report(() => `waiting, ${clock.elapsed() / 1_000} s`);
  await clock.advance(31_000);
  expect(sent.map(({ words }) => words)).toEqual(["waiting, 0 s", "waiting, 10 s", "waiting, 20 s", "waiting, 30 s"]);
});

test("says nothing after the end, also not what was still due", async () => {
  const { clock, progress, sent } = watch();
  progress.report(() => "one");
  progress.report(() => "due in 250 ms");
  progress.stop();
  progress.report(() => "too late");
  await clock.advance(60_000);
  expect(sent).toHaveLength(1);
  expect(clock.pending, "no timer is left").toBe(0);
});

test("costs nothing when nobody listens", async () => {
  const clock = fakeClock();
  const progress = new Progress(undefined, clock, defaultLimits);
  let asked = 0;
  progress.report(() => `${asked++}`);
  await clock.advance(60_000);
  expect([asked, clock.pending]).toEqual([0, 0]);
});

describe("whatever is reported and whenever", () => {
  const step = fc.record({ gapMs: fc.integer({ min: 0, max: 15_000 }), reports: fc.nat(3) });

  test("counts up by one, keeps the least gap, never misses the greatest", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { clock, progress, sent } = watch();
        progress.report(() => "begun");
        for (const { gapMs, reports } of steps) {
          for (let n = 0; n < reports; n++) progress.report(() => "on");
          await clock.advance(gapMs);
        }
        const end = clock.elapsed();
        progress.stop();
        await clock.advance(20_000);
        expect(sent.map(({ count }) => count)).toEqual(sent.map((_, n) => n + 1));
        const moments = [...sent.map(({ at }) => at), end];
        for (let n = 1; n < moments.length; n++) {
          const gap = (moments[n] ?? 0) - (moments[n - 1] ?? 0);
          if (n < sent.length) expect(gap).toBeGreaterThanOrEqual(250);
          expect(gap).toBeLessThanOrEqual(10_000);
        }
      }),
      { numRuns: 60 },
    );
  });
});
