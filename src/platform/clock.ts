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
  /** Calls `fire` once after `ms`. */
  timer(ms: number, fire: () => void): Timer;
}

export const systemClock: Clock = createClock((timeout) => timeout.unref());

/** Keeps the event loop alive while a timer runs (timers are not unref'ed). */
export const refedClock: Clock = createClock((timeout) => timeout);

/** A timer this late means that the process was suspended. */
const suspendedMs = 1_000;
/** Enough to read what the sockets have buffered, and to save it. */
const graceMs = 2_000;

/**
 * Creates a clock whose late timers fire after a grace period. After a suspension (stopped job, closed lid), timers are
 * due before the sockets are read, so a response that arrived in time would count as a timeout.
 */
function createClock(prepare: (timeout: NodeJS.Timeout) => NodeJS.Timeout): Clock {
  const elapsed = (): number => performance.now();
  return {
    now: () => Date.now(),
    elapsed,
    timer(ms, fire) {
      let due = elapsed() + ms;
      let grace: NodeJS.Timeout | undefined;
      const timeout = prepare(
        setTimeout(() => {
          if (elapsed() - due < suspendedMs) fire();
          else grace = prepare(setTimeout(fire, graceMs));
        }, ms),
      );
      return {
        refresh: () => {
          clearTimeout(grace);
          due = elapsed() + ms;
          timeout.refresh();
        },
        cancel: () => {
          clearTimeout(grace);
          clearTimeout(timeout);
        },
      };
    },
  };
}

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
