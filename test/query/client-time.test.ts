import { EventEmitter, once } from "node:events";
import { expect, test } from "vitest";
import { keepaliveEvent, type Reply } from "../simulator/index.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { queryRig } from "../support/query-rig.ts";
import { answer, completed, created, delta, failure, gate } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const minute = 60_000;
const idleTimeoutMs = 5 * minute;

test("a stream that falls silent is given up after the idle time, what had come is kept", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  simulator.next("responses", { kind: "stream", events: [created, delta("Half")], end: "stall" });
  const question = queryRig({ simulator, clock, idleTimeoutMs }).ask();
  await question.told("writing");
  await clock.advance(idleTimeoutMs - 1);
  expect(simulator.stats.openResponses).toBe(1);
  await clock.advance(1);
  expect(await failure(question.reply)).toMatchObject({
    code: "TIMEOUT",
    message: "The service was silent for 300 s.",
    details: { partialText: "Half", retryable: false },
  });
  const request = await simulator.waitForRequest("responses");
  await request.done;
  expect(request.closedBy).toBe("client");
});

test("a service that never answers at all is silent as well", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  simulator.next("responses", { kind: "hang" });
  const question = queryRig({ simulator, clock, idleTimeoutMs }).ask();
  await simulator.waitForRequest("responses");
  await clock.advance(idleTimeoutMs);
  expect((await failure(question.reply)).code).toBe("TIMEOUT");
});

test("an error whose body stalls is judged by its status, long before the idle time", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const headers = { "content-type": "application/json" };
  const stalled = (status: number): Reply => ({
    kind: "stream",
    status,
    headers,
    events: ['{"detail":'],
    end: "stall",
  });
  simulator.next("responses", stalled(500), stalled(400));
  const heads = new EventEmitter();
  const log = (_: string, text: string) => void heads.emit(text.split(" ")[2] ?? "");
  const first = once(heads, "500");
  const second = once(heads, "400");
  const limits = { retryBaseDelayMs: 0 };
  const question = queryRig({ simulator, clock, idleTimeoutMs, limits, log }).ask({
    model: "gpt-5.5",
  });
  await first;
  await clock.advance(15_000); // the 500 is asked once more
  await second;
  await clock.advance(15_000);
  expect(await failure(question.reply)).toMatchObject({
    code: "BAD_REQUEST",
    details: { status: 400, why: undefined },
  });
});

test("events wind the idle time up again, comments do not", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const [event, comment] = [gate(), gate()];
  const first = delta("Half");
  const events = [
    first,
    event.promise.then(() => keepaliveEvent()),
    delta("!"),
    comment.promise.then(() => ": ping\n\n"),
  ];
  simulator.next("responses", { kind: "stream", events, end: "stall" });
  const question = queryRig({ simulator, clock, idleTimeoutMs }).ask();
  await question.told("writing");
  await clock.advance(4 * minute);
  event.resolve(undefined);
  await question.reached((step) => step.type === "writing" && step.characters === 5);
  await clock.advance(4 * minute);
  comment.resolve(undefined);
  await clock.advance(minute - 1);
  expect(simulator.stats.openResponses).toBe(1);
  await clock.advance(1);
  expect((await failure(question.reply)).details.partialText).toBe("Half!");
});

test("thirty minutes are all there are, even when the stream goes on", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const gates = Array.from({ length: 8 }, gate);
  const events = [delta("0"), ...gates.map(({ promise }, n) => promise.then(() => delta(`${n + 1}`)))];
  simulator.next("responses", { kind: "stream", events, end: "stall" });
  const question = queryRig({ simulator, clock, idleTimeoutMs }).ask();
  await question.told("writing");
  for (const [n, { resolve }] of gates.slice(0, 7).entries()) {
    await clock.advance(4 * minute);
    resolve(undefined);
    await question.reached((step) => step.type === "writing" && step.characters === n + 2);
  }
  await clock.advance(2 * minute - 1);
  expect(simulator.stats.openResponses).toBe(1);
  await clock.advance(1);
  expect(await failure(question.reply)).toMatchObject({
    code: "TIMEOUT",
    message: "The answer was not complete after 30 minutes.",
    details: { partialText: "01234567" },
  });
  gates[7]!.resolve(undefined);
});

test("a cancellation closes the connection at once, and the next question is answered", async () => {
  const simulator = await simulate();
  simulator.next("responses", { kind: "stream", events: [created, delta("Half")], end: "stall" });
  const rig = queryRig({ simulator });
  const cancel = new AbortController();
  const question = rig.ask({}, cancel.signal);
  await question.told("writing");
  cancel.abort();
  expect(await failure(question.reply)).toMatchObject({ code: "CANCELLED" });
  const request = await simulator.waitForRequest("responses");
  await request.done;
  expect(request.closedBy).toBe("client");
  expect((await rig.ask({ prompt: "next" }).reply).text).toBe("The simulator received: next");
});

test("CANCELLED, not TIMEOUT, when the caller aborts first", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  simulator.next("responses", { kind: "hang" });
  const cancel = new AbortController();
  const question = queryRig({ simulator, clock, idleTimeoutMs }).ask({}, cancel.signal);
  await simulator.waitForRequest("responses");
  cancel.abort();
  await clock.advance(31 * minute);
  expect((await failure(question.reply)).code).toBe("CANCELLED");
});

test("a call that is cancelled already sends nothing", async () => {
  const simulator = await simulate();
  const question = queryRig({ simulator }).ask({}, AbortSignal.abort());
  expect((await failure(question.reply)).code).toBe("CANCELLED");
  expect(simulator.requests).toEqual([]);
});

test("nothing goes on after an answer: no timer is left", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  simulator.next("responses", answer("done"));
  await queryRig({ simulator, clock }).ask().reply;
  await (
    await simulator.waitForRequest("responses")
  ).done;
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

test("a stream that goes on after its last event is dropped a second later", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const events = [delta("done"), completed()];
  simulator.next("responses", { kind: "stream", events, end: "stall" });
  expect((await queryRig({ simulator, clock }).ask().reply).text).toBe("done");
  const request = await simulator.waitForRequest("responses");
  expect(request.closedBy).toBeUndefined();
  await clock.advance(1_000);
  await request.done;
  expect(request.closedBy).toBe("client");
});
