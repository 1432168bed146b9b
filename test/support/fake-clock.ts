import type { Clock, Timer } from "../../src/platform/clock.ts";

export interface FakeClock extends Clock {
  /** Let time pass; timers fire in their order, and what they start runs in between. */
  advance(ms: number): Promise<void>;
  /**
   * Let time pass until the promise is settled: from one timer to the next, unless that is further away. Longer timers
   * are limits, which input and output must not meet.
   */
  until<T>(promise: Promise<T>, furthestMs?: number): Promise<T>;
  /** The date is set to another time; no time passes. */
  set(now: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

interface Alarm {
  at: number;
  fire: () => void;
}

/** A clock that stands still until a test moves it. */
export function fakeClock(start = Date.UTC(2026, 10, 20, 12)): FakeClock {
  let now = start;
  let offset = 0;
  const alarms = new Set<Alarm>();
  const timer = (ms: number, fire: () => void): Timer => {
    const alarm = { at: now + ms, fire };
    alarms.add(alarm);
    return {
      refresh: () => {
        alarm.at = now + ms;
        alarms.add(alarm);
      },
      cancel: () => {
        alarms.delete(alarm);
      },
    };
  };
  const clock: FakeClock = {
    now: () => now + offset,
    elapsed: () => now - start,
    timer,
    set(date) {
      offset = date - now;
    },
    get pending() {
      return alarms.size;
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        alarms.delete(next);
        now = Math.max(now, next.at);
        next.fire();
        await settle();
      }
      now = end;
      await settle();
    },
    async until(promise, furthestMs = 1_000) {
      let settled = false as boolean; // the compiler does not see the callbacks run
      const end = (): void => void (settled = true);
      promise.then(end, end);
      await settle();
      while (!settled) {
        const stepMs = Math.min(...[...alarms].map(({ at }) => at - now));
        await clock.advance(stepMs <= furthestMs ? stepMs : 0);
      }
      return promise;
    },
  };
  return clock;
}

/** A clock whose time passes as soon as somebody waits for it: for code that only sleeps. */
export function eagerClock(start = Date.UTC(2026, 10, 20, 12)): Clock {
  let now = start;
  return {
    now: () => now,
    elapsed: () => now - start,
    timer(ms, fire) {
      const immediate = setImmediate(() => {
        now += ms;
        fire();
      });
      return {
        refresh: () => undefined,
        cancel: () => {
          clearImmediate(immediate);
        },
      };
    },
  };
}

/** Let everything run that needs no time: promises, and one round of input and output. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
}
