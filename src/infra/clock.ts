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
 * For a program that has nothing else to stay for: what waits in it (a pause before a repetition, a
 * login) keeps the process alive.
 */
export const keepingClock: Clock = createClock((timeout) => timeout);

function createClock(prepare: (timeout: NodeJS.Timeout) => NodeJS.Timeout): Clock {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    timer(ms, fire) {
      const timeout = prepare(setTimeout(fire, ms));
      return {
        refresh: () => {
          timeout.refresh();
        },
        cancel: () => {
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
