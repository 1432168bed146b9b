/** A running alarm. */
export interface Timer {
  /** Start the same span anew. */
  refresh(): void;
  cancel(): void;
}

/** Time as an argument: services and tests see the same three things. */
export interface Clock {
  /** Epoch ms, for what is stored or shown. */
  now(): number;
  /** Milliseconds since some start, never going back: for measuring spans. */
  elapsed(): number;
  /** Call `fire` once after `ms`. */
  timer(ms: number, fire: () => void): Timer;
}

export const systemClock: Clock = createClock((timeout) => timeout.unref());

/**
 * For a program that has nothing else to stay for: what waits in it (a pause before a repetition, a login) keeps the
 * process alive.
 */
export const refedClock: Clock = createClock((timeout) => timeout);

/** So late is no timer of a process that runs. */
const suspendedMs = 1_000;
/** Enough to read what lies in the sockets, and to save it. */
const graceMs = 2_000;

/**
 * A process that was suspended (a stopped job, a closed lid) finds its timers due before it has looked at its sockets:
 * an answer that came in time would count as none. So a timer that is far too late waits once more, for a moment.
 */
export function createClock(
  prepare: (timeout: NodeJS.Timeout) => NodeJS.Timeout,
  elapsed = () => performance.now(),
): Clock {
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

/** Resolves after `ms`; rejects with the signal's reason when that comes first. */
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
