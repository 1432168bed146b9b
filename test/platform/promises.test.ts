import { expect, test } from "vitest";
import { deferred, raceSignal, withTimeout } from "../../src/platform/promises.ts";
import { fakeClock } from "../support/fake-clock.ts";

const never = new Promise<string>(() => undefined);

test("a promise is settled from outside, once", async () => {
  const { promise, resolve, reject } = deferred<string>();
  resolve("first");
  resolve("second");
  reject(new Error("third"));
  expect(await promise).toBe("first");
});

test("waits for the value, or for the signal if that comes first", async () => {
  const aborter = new AbortController();
  expect(await raceSignal(Promise.resolve("value"), aborter.signal)).toBe("value");
  await expect(raceSignal(Promise.reject(new Error("no")), aborter.signal)).rejects.toThrow("no");
  const waiting = raceSignal(never, aborter.signal);
  aborter.abort("enough");
  await expect(waiting).rejects.toBe("enough");
});

test("with an aborted signal there is no value, and a failure that nobody sees is no fault", async () => {
  const late = deferred<string>();
  await expect(raceSignal(late.promise, AbortSignal.abort("enough"))).rejects.toBe("enough");
  await expect(raceSignal(Promise.resolve("v"), AbortSignal.abort("enough"))).rejects.toBe("enough");
  late.reject(new Error("nobody listens")); // would end the test run if it were unhandled
});

test("gives up after the time, and leaves no timer behind in either case", async () => {
  const clock = fakeClock();
  const { signal } = new AbortController();
  const waiting = withTimeout(never, 1_000, clock, signal);
  await clock.advance(999);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  expect(await waiting).toBeUndefined();
  expect(await withTimeout(Promise.resolve("value"), 1_000, clock, signal)).toBe("value");
  await expect(withTimeout(never, 1_000, clock, AbortSignal.abort("enough"))).rejects.toBe("enough");
  expect(clock.pending).toBe(0);
});

test("no time at all tells what is settled by now", async () => {
  const clock = fakeClock();
  const { signal } = new AbortController();
  expect(await withTimeout(Promise.resolve("value"), 0, clock, signal)).toBe("value");
  await expect(withTimeout(Promise.reject(new Error("no")), 0, clock, signal)).rejects.toThrow("no");
  expect(await withTimeout(never, 0, clock, signal)).toBeUndefined();
  expect(clock.pending).toBe(0);
});
