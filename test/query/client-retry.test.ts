import { expect, test } from "vitest";
import {
  errorEvent,
  failedEvent,
  overloadedBody,
  rateLimitBody,
  serverErrorBody,
  slowDownBody,
  type Reply,
  type Simulator,
} from "../simulator/index.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { queryRig } from "../support/query-rig.ts";
import { answer, completed, created, delta, failure, json, reasoning, stream } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

function asked(simulator: Simulator): number {
  return simulator.requests.filter(({ route }) => route === "responses").length;
}

const overloaded = json(503, overloadedBody());

test.each<[string, Reply]>([
  ["a reset before the answer", { kind: "reset" }],
  ["a closed connection", { kind: "close" }],
  ["500", json(500, serverErrorBody())],
  ["502 with a page", { kind: "html", status: 502 }],
  ["503 without capacity", overloaded],
  ["503 slow_down", json(503, slowDownBody())],
  ["429 with Retry-After", json(429, rateLimitBody(""), { "retry-after": "0" })],
  ["an overload in the stream", stream(created, failedEvent("server_is_overloaded", "Busy"))],
  ["a failure in the stream", stream(created, failedEvent("server_error", "Oops"))],
  ["an error event", stream(created, errorEvent("server_error", "Oops"))],
  ["an early end before any text", stream(created, reasoning("**Thinking**"))],
  ["a reset amid the reasoning", { kind: "stream", events: [reasoning("x")], end: "reset" }],
])("%s is tried again, and told", async (_, reply) => {
  const simulator = await simulate();
  simulator.next("responses", reply, answer("second"));
  const { reply: result, progress } = queryRig({ simulator }).ask();
  expect((await result).text).toBe("second");
  expect(asked(simulator)).toBe(2);
  expect(progress).toContainEqual(expect.objectContaining({ type: "retry", attempt: 2 }));
});

test("there are at most two further attempts", async () => {
  const simulator = await simulate();
  simulator.always("responses", overloaded);
  expect((await failure(queryRig({ simulator }).ask().reply)).code).toBe("OVERLOADED");
  expect(asked(simulator)).toBe(3);
});

test("two further attempts are all there are, in whatever shape and for whatever model", async () => {
  const simulator = await simulate({ switches: { requireLite: true } });
  const refused = json(404, { detail: "Model not found gpt-6.1-sol" });
  simulator.next("responses", overloaded, refused, overloaded, overloaded);
  expect((await failure(queryRig({ simulator }).ask().reply)).code).toBe("OVERLOADED");
  expect(asked(simulator)).toBe(4);
});

test.each<[string, Reply, string]>([
  ["429 without a time", json(429, { detail: "Too many" }), "RATE_LIMITED"],
  ["429 in words alone", json(429, { detail: "Slow" }, { "retry-after": "soon" }), "RATE_LIMITED"],
  ["400", json(400, { detail: "Store must be set to false" }), "BAD_REQUEST"],
  ["403", json(403, { detail: "Forbidden" }), "UPSTREAM"],
  ["a challenge", { kind: "html" }, "BLOCKED"],
  ["a redirect", { kind: "redirect", status: 307, location: "/" }, "UPSTREAM"],
  ["a stream of another kind", json(200, { ok: true }), "PROTOCOL"],
  ["a known event in a wrong shape", stream({ type: "response.completed" }), "PROTOCOL"],
  ["an empty answer", stream(created, completed()), "EMPTY_RESPONSE"],
  ["a policy", stream(failedEvent("bio_policy", "No")), "POLICY"],
])("%s is not tried again", async (_, reply, code) => {
  const simulator = await simulate();
  // A 400 without a field may mean the shape: a model without the Lite mark shows the retries alone.
  simulator.next("responses", reply);
  const error = await failure(queryRig({ simulator }).ask({ model: "gpt-5.5" }).reply);
  expect(error.code).toBe(code);
  expect(asked(simulator)).toBe(1);
});

test.each<[string, Reply]>([
  ["a cut", stream(created, delta("Half"))],
  ["a reset", { kind: "stream", events: [delta("Half")], end: "reset" }],
  ["an overload", stream(delta("Half"), failedEvent("server_is_overloaded", "Busy"))],
])("after answer text nothing is tried again: %s", async (_, reply) => {
  const simulator = await simulate();
  simulator.next("responses", reply);
  const error = await failure(queryRig({ simulator }).ask().reply);
  expect(error.details.partialText).toBe("Half");
  expect(asked(simulator)).toBe(1);
});

/** The pause before the second attempt, as told and as waited. */
async function pauseAfter(reply: Reply, fraction = 0): Promise<number> {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  simulator.next("responses", reply, answer("second"));
  const rig = queryRig({ simulator, clock, fraction });
  const question = rig.ask();
  const { delayMs } = await question.told("retry");
  await clock.advance(delayMs - 1);
  expect(asked(simulator)).toBe(1);
  await clock.advance(1);
  expect((await question.reply).text).toBe("second");
  return delayMs;
}

test("without a word of the service the pause is short, with bounded jitter", async () => {
  expect(await pauseAfter(overloaded)).toBe(500);
  expect(await pauseAfter(overloaded, 0.999)).toBe(750);
});

test("Retry-After is kept to, in seconds and as a date, up to a minute", async () => {
  const after = (value: string): Reply => json(429, rateLimitBody(""), { "retry-after": value });
  expect(await pauseAfter(after("7"))).toBe(7_000);
  expect(await pauseAfter(after("60"))).toBe(60_000);
  const date = new Date(fakeClock().now() + 30_000).toUTCString();
  expect(await pauseAfter(after(date))).toBe(30_000);
  expect(await pauseAfter(json(503, overloadedBody(), { "retry-after": "9" }))).toBe(9_000);
  expect(await pauseAfter(json(500, {}, { "retry-after": "3" }))).toBe(3_000);
});

test("the wait that a stream tells in words is kept to", async () => {
  const words = "Rate limit reached. Please try again in 2.5s.";
  expect(await pauseAfter(stream(failedEvent("rate_limit_exceeded", words)))).toBe(2_500);
});

test("a Retry-After above a minute is an error at once, which tells it", async () => {
  const simulator = await simulate();
  simulator.next("responses", json(429, rateLimitBody(""), { "retry-after": "61" }));
  const { reply, progress } = queryRig({ simulator }).ask();
  expect(await failure(reply)).toMatchObject({
    code: "RATE_LIMITED",
    details: { retryAfterMs: 61_000 },
  });
  expect(asked(simulator)).toBe(1);
  expect(progress.map(({ type }) => type)).toEqual(["sent"]);
});

test("a cancellation ends the pause", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  simulator.next("responses", overloaded);
  const cancel = new AbortController();
  const question = queryRig({ simulator, clock }).ask({}, cancel.signal);
  await question.told("retry");
  cancel.abort();
  expect((await failure(question.reply)).code).toBe("CANCELLED");
  expect(asked(simulator)).toBe(1);
});
