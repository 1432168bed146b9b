/** A running timer. */
export interface Timer {
  /** Restarts the same duration. */
  refresh(): void;
  cancel(): void;
}

/** Time as an argument. */
export interface Clock {
  /** Epoch ms, for stored or displayed times. */
  now(): number;
  /** Monotonic ms, for measuring durations. */
  elapsed(): number;
  /** Calls `fire` once after `ms` in which this process ran: a suspension counts as one second at most. */
  timer(ms: number, fire: () => void): Timer;
}

const tickMs = 1_000;
/** A tick this late may mean that the process was suspended, and has not read its sockets since. */
const lateMs = 50;
/** Further ticks after a late last one: enough to read what arrived, also under load. */
const maxGraceTicks = 3;

/**
 * The system's clock. Its timers count ticks of a second. After a suspension (stopped job, closed lid) all timers are
 * due before the sockets are read, so a response that arrived in time would count as a timeout. Here a suspension is one
 * late tick, and a late last tick adds another one.
 *
 * @param unref lets the process end while a timer runs
 */
function createClock(unref: boolean): Clock {
  const elapsed = (): number => performance.now();
  return {
    now: () => Date.now(),
    elapsed,
    timer(ms, fire) {
      let left = ms;
      let grace = maxGraceTicks;
      let span: number;
      let due: number;
      let timeout: NodeJS.Timeout;
      let last: NodeJS.Immediate | undefined;
      const next = (): void => {
        span = Math.min(left, tickMs);
        due = elapsed() + span;
        timeout = setTimeout(tick, span);
        if (unref) timeout.unref();
      };
      const tick = (): void => {
        left -= span;
        const late = elapsed() - due > lateMs;
        if (left <= 0 && late && grace-- > 0) left = tickMs;
        if (left > 0) next();
        else last = setImmediate(fire); // after the sockets that are ready now
      };
      next();
      return {
        refresh: () => {
          clearImmediate(last);
          left = ms;
          grace = maxGraceTicks;
          due = elapsed() + span;
          timeout.refresh();
        },
        cancel: () => {
          clearImmediate(last);
          clearTimeout(timeout);
        },
      };
    },
  };
}

export const systemClock: Clock = createClock(true);

/** As `systemClock`, but the process doesn't end while a timer runs. */
export const refedClock: Clock = createClock(false);

/** Resolves after `ms`, or rejects with the signal's reason if it aborts first. */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.timer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
