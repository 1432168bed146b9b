import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refedClock, type Timer } from "../../src/platform/clock.ts";

const second = 1_000;
const limit = 15 * second;

/** For how long the process was stopped, beside the time that the timers know of. */
let stopped: number;
let fired: number;
let timer: Timer;
/** What runs once the sockets have been read. */
const immediates = new Map<NodeJS.Immediate, () => void>();

function readSockets(): void {
  for (const [id, run] of immediates) {
    immediates.delete(id);
    run();
  }
}

/** Time passes while the process runs: each timer fires when it is due. */
function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
  readSockets();
}

/** The process is stopped, and goes on so long after its next timer was due. */
function late(ms: number): void {
  stopped += ms;
  vi.advanceTimersToNextTimer();
}

/** Time passes until the timer fires; gives how much. */
function untilFired(): number {
  let ms = 0;
  for (; fired === 0 && ms < 60 * second; ms += 100) pass(100);
  return ms;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  stopped = 0;
  fired = 0;
  immediates.clear();
  vi.stubGlobal("setImmediate", (run: () => void) => {
    const id = {} as NodeJS.Immediate;
    immediates.set(id, run);
    return id;
  });
  vi.stubGlobal("clearImmediate", (id: NodeJS.Immediate) => immediates.delete(id));
  vi.spyOn(performance, "now").mockImplementation(() => Date.now() + stopped);
  timer = refedClock.timer(limit, () => fired++);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("without a suspension a timer takes its time, and fires once", () => {
  pass(limit - 1);
  expect(fired).toBe(0);
  pass(1);
  expect(fired).toBe(1);
  pass(60 * second);
  expect(fired).toBe(1);
});

test.each([1, 500, 999])("one of %d ms is as exact", (ms) => {
  timer.cancel();
  refedClock.timer(ms, () => fired++);
  pass(ms - 1);
  expect(fired).toBe(0);
  pass(1);
  expect(fired).toBe(1);
});

test("it fires after the sockets that are ready then", () => {
  pass(limit - 1);
  vi.advanceTimersByTime(1);
  expect(fired).toBe(0);
  readSockets();
  expect(fired).toBe(1);
});

test("whatever the length of a suspension, what came meanwhile has a second of running time", () => {
  const suspensions = Array.from({ length: 601 }, (_, n) => n * 100);
  for (const at of [0, 7_300, 13_900, 14_000, 14_999]) {
    for (const length of suspensions) {
      timer.cancel();
      fired = 0;
      timer = refedClock.timer(limit, () => fired++);
      pass(at);
      late(length);
      const what = `${length} ms late from ${at} ms on`;
      if (at < 14_000) expect(untilFired(), what).toBe(limit - second * Math.ceil((at + 1) / second));
      else if (length === 0) readSockets();
      else expect(untilFired(), what).toBe(second);
      expect(fired, what).toBe(1);
    }
  }
}, 60_000);

test("two suspensions count as two ticks", () => {
  late(20 * second);
  pass(5 * second);
  late(20 * second);
  expect(untilFired()).toBe(8 * second);
});

test("a late last tick adds one; if that is late, too, another one, but at most three", () => {
  pass(14 * second);
  for (let grace = 0; grace < 3; grace++) {
    late(20 * second);
    readSockets();
    expect(fired).toBe(0);
  }
  late(20 * second);
  readSockets();
  expect(fired).toBe(1);
});

test.each([
  [50, 1],
  [51, 0],
])("a last tick that is %d ms late: %d fires at once", (ms, count) => {
  pass(14 * second);
  late(ms);
  readSockets();
  expect(fired).toBe(count);
});

test.each([
  ["in the time that is added", 14 * second],
  ["amid its ticks", 3 * second],
])("%s it can be cancelled", (_, at) => {
  pass(at);
  late(60 * second);
  timer.cancel();
  pass(60 * second);
  expect(fired).toBe(0);
});

test.each([
  ["in the time that is added", 14 * second],
  ["amid its ticks", 3 * second],
])("%s it can be wound up again", (_, at) => {
  pass(at);
  late(60 * second);
  timer.refresh();
  pass(limit - 1);
  expect(fired).toBe(0);
  pass(1);
  expect(fired).toBe(1);
});

test.each(["cancel", "refresh"] as const)(
  "when it is due, before the sockets are read, it can still be told to %s",
  (what) => {
    pass(limit - 1);
    vi.advanceTimersByTime(1);
    timer[what]();
    readSockets();
    expect(fired).toBe(0);
    pass(limit);
    expect(fired).toBe(what === "refresh" ? 1 : 0);
  },
);
