import type { Clock } from "./clock.ts";

export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
}

/** For calls without a signal of their own. */
export const uncancelled: AbortSignal = new AbortController().signal;

/** Creates a promise with its resolvers; Node 20 lacks `Promise.withResolvers`. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Resolves with the promise's value, or rejects if the signal aborts first; the promise itself continues. */
export async function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = deferred<never>();
  const onAbort = (): void => {
    aborted.reject(signal.reason);
  };
  promise.catch(() => undefined); // it may reject after this call has
  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Like `raceSignal`, but resolves with undefined after `ms`; 0 only checks whether the promise is settled. */
export async function withTimeout<T>(
  promise: Promise<T>,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<T | undefined> {
  const timedOut = deferred<undefined>();
  const expire = (): void => {
    timedOut.resolve(undefined);
  };
  const timer = ms > 0 ? clock.timer(ms, expire) : undefined;
  if (timer === undefined) expire();
  try {
    return await raceSignal(Promise.race([promise, timedOut.promise]), signal);
  } finally {
    timer?.cancel();
  }
}
