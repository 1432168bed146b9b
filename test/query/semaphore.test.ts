import { expect, test } from "vitest";
import { Semaphore } from "../../src/query/semaphore.ts";

const never = new AbortController().signal;
const ignore = (): void => undefined;

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("lets as many in as it has places, and the rest in their order", async () => {
  const places = new Semaphore(2);
  const entered: number[] = [];
  const ahead: number[] = [];
  const releases = [1, 2, 3, 4].map(async (n) => {
    const release = await places.acquire(never, (count) => ahead.push(count));
    entered.push(n);
    return release;
  });
  await settle();
  expect(entered).toEqual([1, 2]);
  expect(ahead).toEqual([0, 1]);
  (await releases[1])?.();
  await settle();
  expect(entered).toEqual([1, 2, 3]);
  (await releases[0])?.();
  await settle();
  expect(entered).toEqual([1, 2, 3, 4]);
});

test("a place that is given back twice is one place", async () => {
  const places = new Semaphore(1);
  const release = await places.acquire(never, ignore);
  release();
  release();
  await places.acquire(never, ignore);
  let third = false;
  void places.acquire(never, ignore).then(() => (third = true));
  await settle();
  expect(third).toBe(false);
});

test("who gives up waiting leaves the line", async () => {
  const places = new Semaphore(1);
  const release = await places.acquire(never, ignore);
  const cancel = new AbortController();
  const waiting = places.acquire(cancel.signal, ignore);
  const next = places.acquire(never, ignore);
  cancel.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  release();
  (await next)();
  await places.acquire(never, ignore);
});

test("a place that arrives together with the cancellation is not lost", async () => {
  const places = new Semaphore(1);
  const release = await places.acquire(never, ignore);
  const cancel = new AbortController();
  const waiting = places.acquire(cancel.signal, ignore);
  cancel.abort(new Error("enough"));
  release();
  const place = await waiting.catch(() => undefined);
  place?.();
  await places.acquire(never, ignore);
});

test("a call that is cancelled already does not even queue", async () => {
  const places = new Semaphore(1);
  await expect(
    places.acquire(AbortSignal.abort(new Error("gone")), () => {
      throw new Error("queued");
    }),
  ).rejects.toThrow("gone");
  await places.acquire(never, ignore);
});
