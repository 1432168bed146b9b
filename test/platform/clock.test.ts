import { expect, test } from "vitest";
import { sleep, systemClock } from "../../src/platform/clock.ts";
import { fakeClock } from "../support/fake-clock.ts";

test("sleeps for the time asked and not longer", async () => {
  const clock = fakeClock();
  let awake = false;
  const asleep = sleep(clock, 1_000).then(() => (awake = true));
  await clock.advance(999);
  expect(awake).toBe(false);
  await clock.advance(1);
  await asleep;
  expect(awake).toBe(true);
});

test("wakes with the signal's own reason and leaves no timer", async () => {
  const clock = fakeClock();
  const aborter = new AbortController();
  const reason = new Error("enough");
  const asleep = sleep(clock, 1_000, aborter.signal);
  expect(clock.pending).toBe(1);
  aborter.abort(reason);
  await expect(asleep).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
});

test("does not begin to sleep for a signal that has been aborted before", async () => {
  const clock = fakeClock();
  await expect(sleep(clock, 1_000, AbortSignal.abort("late"))).rejects.toBe("late");
  expect(clock.pending).toBe(0);
});

test("leaves no listener on the signal of a sleep that ended by itself", async () => {
  const clock = fakeClock();
  const aborter = new AbortController();
  const asleep = sleep(clock, 10, aborter.signal);
  await clock.advance(10);
  await asleep;
  aborter.abort(new Error("nobody hears this"));
  expect(clock.pending).toBe(0);
});

test("the system's timers fire once, can be cancelled and wound up again", async () => {
  const fired: string[] = [];
  systemClock.timer(1, () => fired.push("cancelled")).cancel();
  await new Promise<void>((resolve) => {
    const timer = systemClock.timer(1, () => {
      fired.push("fired");
      resolve();
    });
    timer.refresh();
  });
  expect(fired).toEqual(["fired"]);
  expect(systemClock.elapsed()).toBeGreaterThan(0);
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
});
