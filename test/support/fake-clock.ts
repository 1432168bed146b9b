import type { Clock, Timer } from "../../src/platform/clock.ts";

export interface FakeClock extends Clock {
  /** Let time pass; timers fire in their order, and what they start runs in between. */
  advance(ms: number): Promise<void>;
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
  return {
    now: () => now,
    elapsed: () => now - start,
    timer,
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
  };
}

/** Let everything run that needs no time: promises, and one round of input and output. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
}
