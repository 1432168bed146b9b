import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refedClock, type Timer } from "../../src/platform/clock.ts";

let elapsed = 0;
let fired: number;
let timer: Timer;

/** Time passes: for the timers, and for whoever looks at a clock. */
function pass(ms: number): void {
  elapsed += ms;
  vi.advanceTimersByTime(ms);
}

/** The process is stopped: the timers are due only when it goes on. */
function suspended(ms: number, due: number): void {
  elapsed += ms;
  vi.advanceTimersByTime(due);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  fired = 0;
  vi.spyOn(performance, "now").mockImplementation(() => elapsed);
  timer = refedClock.timer(15_000, () => fired++);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("one that is a little late fires at once", () => {
  suspended(15_999, 15_000);
  expect(fired).toBe(1);
});

test("after a suspension one waits a moment for what came meanwhile, then fires", () => {
  suspended(60_000, 15_000);
  expect(fired).toBe(0);
  pass(1_999);
  expect(fired).toBe(0);
  pass(1);
  expect(fired).toBe(1);
});

test.each(["cancel", "refresh"] as const)("in that moment it can be told to %s", (what) => {
  suspended(60_000, 15_000);
  timer[what]();
  pass(14_999);
  expect(fired).toBe(0);
  pass(1);
  expect(fired).toBe(what === "refresh" ? 1 : 0);
});
