import { expect, test } from "vitest";
import type { StreamEvent } from "../../src/query/response/stream-event.ts";
import { EventQueue } from "../../src/query/event-queue.ts";
import type { QueryRequest } from "../../src/query/request/request.ts";
import { answerEvents, failedEvent, overloadedBody, rateLimitsEvent, type Simulator } from "../simulator/index.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { queryRig, type QueryRig } from "../support/query-rig.ts";
import {
  answer,
  completed,
  created,
  delta,
  failure,
  gate,
  json,
  messageDone,
  reasoning,
  stream,
} from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const question: QueryRequest = { prompt: "What is a lock?", model: "gpt-5.5" };
const tools = [{ name: "look", parameters: { type: "object" } }];

async function all(rig: QueryRig, request: QueryRequest = question): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of rig.client.stream(request)) events.push(event);
  return events;
}

function asked(simulator: Simulator): number {
  return simulator.requests.filter(({ route }) => route === "responses").length;
}

function textOf(events: readonly StreamEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.delta : "")).join("");
}

test("the answer comes in events, and the last one holds the whole reply", async () => {
  const simulator = await simulate();
  const call = { callId: "call_1", name: "look", arguments: '{"at":1}' };
  const options = { text: "It is one.", reasoning: ["**One**", "**Two**"], calls: [call] };
  simulator.next("responses", stream(rateLimitsEvent(), ...answerEvents(options)));
  const events = await all(queryRig({ simulator }), { ...question, tools, temperature: 1 });
  expect(textOf(events)).toBe("It is one.");
  const thoughts = events.map((event) => (event.type === "reasoning" ? event.delta : "")).join("");
  expect(thoughts).toBe("**One**\n\n**Two**");
  const rest = events.filter(({ type }) => type !== "text" && type !== "reasoning");
  expect(rest).toMatchObject([
    { type: "function_call_start", callId: "call_1", name: "look" },
    { type: "function_call_delta", callId: "call_1", delta: '{"at' },
    { type: "function_call_delta", callId: "call_1", delta: '":1}' },
    { type: "function_call", ...call },
    { type: "notice", text: expect.stringContaining("temperature") as string },
    { type: "usage", usage: { inputTokens: 25, outputTokens: 40 } },
    { type: "completed", reply: { text: "It is one.", model: "gpt-5.5", functionCalls: [call] } },
  ]);
});

test("nothing is asked before the first event is wanted", async () => {
  const simulator = await simulate();
  const events = queryRig({ simulator }).client.stream(question);
  expect(await events.return()).toEqual({ done: true, value: undefined });
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(simulator.requests).toEqual([]);
});

test.each<[string, object[], string]>([
  ["a message without deltas", [messageDone("Whole."), completed()], "Whole."],
  ["what its deltas left out", [delta("Wh"), messageDone("Whole."), completed()], "Whole."],
  [
    "two messages, apart",
    [delta("One."), messageDone("One."), delta("Two.", 1), messageDone("Two.", { index: 1 }), completed()],
    "One.\n\nTwo.",
  ],
  ["the list at the end, where nothing else came", answerEvents({ text: "x", output: "full" }).slice(-1), "x"],
])("text comes from %s", async (_, events, text) => {
  const simulator = await simulate();
  simulator.next("responses", stream(created, ...events));
  const told = await all(queryRig({ simulator }));
  expect(textOf(told)).toBe(text);
  expect(told.at(-1)).toMatchObject({ type: "completed", reply: { text } });
});

test("a failure is thrown after the text before it, and then the stream is over", async () => {
  const simulator = await simulate();
  simulator.next("responses", stream(delta("Half"), failedEvent("server_is_overloaded", "Busy")));
  const events = queryRig({ simulator }).client.stream(question);
  expect(await events.next()).toEqual({ done: false, value: { type: "text", delta: "Half" } });
  expect(await failure(events.next())).toMatchObject({
    code: "OVERLOADED",
    details: { partialText: "Half", retryable: false },
  });
  expect((await events.next()).done).toBe(true);
  expect(asked(simulator)).toBe(1);
});

test("what fails before the answer is tried again, also after blank text and reasoning", async () => {
  const simulator = await simulate();
  const early = [reasoning("**Hm**"), delta(" \n"), failedEvent("server_error", "Oops")];
  simulator.next("responses", json(503, overloadedBody()), stream(...early), answer("second"));
  const told = await all(queryRig({ simulator }));
  expect(textOf(told)).toBe("second");
  expect(asked(simulator)).toBe(3);
});

test.each([
  ["an overload", failedEvent("server_is_overloaded", "Busy"), "OVERLOADED"],
  ["a refused model", failedEvent("model_not_found", "Model not found"), "MODEL_UNAVAILABLE"],
  ["a refused login", failedEvent("token_expired", "Expired"), "INCOMPLETE"],
])("nothing is tried again once a function call has been told: %s", async (_, event, code) => {
  const simulator = await simulate();
  const call = { callId: "call_1", name: "look", arguments: "{}" };
  const events = answerEvents({ text: "", calls: [call] }).slice(0, -1);
  simulator.next("responses", stream(...events, event));
  const rig = queryRig({ simulator });
  expect(await failure(all(rig, { ...question, tools, model: "gpt-6.1-sol" }))).toMatchObject({
    code,
  });
  expect([asked(simulator), rig.renewals]).toEqual([1, 0]);
});

test("a call that was only started is told once, is in no reply, and is not asked for again", async () => {
  const simulator = await simulate();
  const call = { callId: "call_1", name: "look", arguments: '{"at":1}' };
  const whole = answerEvents({ text: "", calls: [call] });
  const end = whole.findIndex((event) => JSON.stringify(event).includes("output_item.done"));
  simulator.next("responses", stream(...whole.slice(0, end)), stream(...whole));
  const rig = queryRig({ simulator });
  const told: StreamEvent[] = [];
  const read = async (): Promise<void> => {
    for await (const event of rig.client.stream({ ...question, tools })) told.push(event);
  };
  expect(await failure(read())).toMatchObject({
    code: "INCOMPLETE",
    details: { retryable: false },
  });
  expect(told.map(({ type }) => type)).toEqual(["function_call_start", "function_call_delta", "function_call_delta"]);
  expect(asked(simulator)).toBe(1);
  const reply = await rig.client.query({ ...question, tools });
  expect(reply.functionCalls).toEqual([call]);
});

test("without a reader, a call that was only begun is asked for again", async () => {
  const simulator = await simulate();
  const whole = answerEvents({
    text: "",
    calls: [{ callId: "c", name: "look", arguments: "{}" }],
  });
  const end = whole.findIndex((event) => JSON.stringify(event).includes("output_item.done"));
  simulator.next("responses", stream(...whole.slice(0, end)), stream(...whole));
  const reply = await queryRig({ simulator }).client.query({ ...question, tools });
  expect(reply.functionCalls).toMatchObject([{ callId: "c" }]);
  expect(asked(simulator)).toBe(2);
});

test("arguments that nobody reads hold the service back", () => {
  const events = new EventQueue(() => new Promise(() => undefined), 1_000);
  const delta = "x".repeat(300);
  for (let n = 0; n < 3; n++) {
    expect(events.needsDrain).toBe(false);
    events.push({ type: "function_call_delta", callId: "c", delta });
  }
  expect(events.needsDrain).toBe(true);
});

test("leaving the loop closes the connection and frees the place", async () => {
  const simulator = await simulate();
  const hold = gate();
  simulator.next("responses", { kind: "stream", events: [delta("One"), hold.promise] }, answer("2"));
  const rig = queryRig({ simulator, limits: { maxConcurrentQueries: 1 } });
  for await (const event of rig.client.stream(question)) {
    expect(event).toEqual({ type: "text", delta: "One" });
    break;
  }
  const [first] = simulator.requests.filter(({ route }) => route === "responses");
  await first?.done;
  expect(first?.closedBy).toBe("client");
  expect((await rig.ask({ model: "gpt-5.5" }).reply).text).toBe("2");
  hold.resolve(undefined);
});

test("the signal ends the stream with CANCELLED, whatever still waits to be read", async () => {
  const simulator = await simulate();
  const hold = gate();
  simulator.next("responses", { kind: "stream", events: [delta("a"), delta("b"), hold.promise] });
  const cancel = new AbortController();
  const events = queryRig({ simulator }).client.stream(question, { signal: cancel.signal });
  expect((await events.next()).value).toEqual({ type: "text", delta: "a" });
  cancel.abort();
  await simulator.requests.at(-1)?.done;
  expect((await failure(drain(events))).code).toBe("CANCELLED");
  hold.resolve(undefined);
});

async function drain(events: AsyncIterable<StreamEvent>): Promise<void> {
  for await (const _ of events);
}

test("a reader that takes nothing holds the service back, and then gets everything", async () => {
  const simulator = await simulate();
  const piece = "x".repeat(1_000);
  const count = 20_000; // 20 MB, more than all the buffers on the way hold
  const produced = { count: 0 };
  async function* body(): AsyncGenerator<Uint8Array> {
    for (; produced.count < count; produced.count++) {
      yield Buffer.from(`data: ${JSON.stringify(reasoning(piece))}\n\n`);
      if (produced.count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    yield Buffer.from(`data: ${JSON.stringify(messageDone("end"))}\n\n`);
    yield Buffer.from(`data: ${JSON.stringify(completed())}\n\n`);
  }
  const headers = { "content-type": "text/event-stream" };
  simulator.next("responses", { kind: "raw", headers, body: body() });
  const clock = fakeClock();
  const rig = queryRig({ simulator, clock, idleTimeoutMs: 60_000 });
  const events = rig.client.stream(question);
  let characters = 0;
  const first = await events.next();
  if (first.value?.type === "reasoning") characters += first.value.delta.length;
  // The producer stands still once every buffer on the way is full.
  for (let before = -1; before !== produced.count;) {
    before = produced.count;
    for (let round = 0; round < 200; round++) await new Promise((resolve) => setImmediate(resolve));
  }
  await clock.advance(90_000); // the silence is the reader's, and counts for nothing
  expect(produced.count).toBeLessThan(count);
  for await (const event of events) {
    if (event.type === "reasoning") characters += event.delta.length;
  }
  expect(characters).toBe(count * piece.length);
});

test("several reads at once get the events in their order, and an early end", async () => {
  const simulator = await simulate();
  const hold = gate();
  simulator.next("responses", { kind: "stream", events: [delta("a"), hold.promise] });
  const events = queryRig({ simulator }).client.stream(question);
  const reads = [events.next(), events.next(), events.next()];
  expect(await reads[0]).toEqual({ done: false, value: { type: "text", delta: "a" } });
  await events.return();
  expect(await Promise.all(reads.slice(1))).toEqual(Array(2).fill({ done: true, value: undefined }));
  hold.resolve(undefined);
});
