import { expect, test } from "vitest";
import type { CodexError } from "../../../src/shared/errors.ts";
import { answerEvents, incompleteEvent } from "../../simulator/index.ts";
import { completed, delta, failure } from "../../support/replies.ts";
import { bodyOf, encode, readStream } from "../../support/stream.ts";
import { act, retry } from "../../../src/shared/next-step.ts";

const stopped = "The service stopped the answer before its end.";

function failed(...events: unknown[]): Promise<CodexError> {
  return failure(readStream(bodyOf(encode(events))));
}

function ended(response: object): object {
  return { type: "response.completed", response: { id: "resp_1", output: [], ...response } };
}

test("only an answer that was too long is to be asked for in a shorter form", async () => {
  expect(await failed(delta("Half"), incompleteEvent("max_output_tokens"))).toMatchObject({
    code: "INCOMPLETE",
    message: stopped,
    next: [act("Ask for a shorter answer, or for one part at a time")],
    details: { why: "It reached the limit for one answer.", partialText: "Half" },
  });
});

test.each([
  ["interrupted", 'The reason that it gave: "interrupted".'],
  ["steered", 'The reason that it gave: "steered".'],
  ["odd\u001b[31m\n words", 'The reason that it gave: "odd words".'],
  ["x".repeat(500), `The reason that it gave: "${"x".repeat(59)}…".`],
  ["", undefined],
  [null, undefined],
])("the reason %j of an early end is told, and the call to be repeated", async (reason, why) => {
  const response = { status: "incomplete", incomplete_details: { reason } };
  expect(await failed({ type: "response.incomplete", response })).toMatchObject({
    code: "INCOMPLETE",
    message: stopped,
    next: [retry],
    details: { why },
  });
});

test("a model that wanted to go on may have left its answer unfinished", async () => {
  const more = await readStream(bodyOf(encode([delta("First"), ended({ end_turn: false })])));
  expect(more).toMatchObject({
    text: "First",
    notices: ["The model wanted to go on: its answer may be unfinished."],
  });
  for (const end_turn of [true, null, undefined, "false"]) {
    const whole = await readStream(bodyOf(encode([delta("First"), ended({ end_turn })])));
    expect(whole.notices).toEqual([]);
  }
});

test("a model that calls functions goes on with their outputs, which is no news", async () => {
  const calls = [{ callId: "c1", name: "look", arguments: "{}" }];
  const events = answerEvents({ text: "Let me see.", calls }).slice(0, -1);
  const called = await readStream(bodyOf(encode([...events, ended({ end_turn: false })])));
  expect(called.notices).toEqual([]);
});

test("a model that wanted to go on and gave no text has not answered", async () => {
  expect(await failed(ended({ end_turn: false }))).toMatchObject({
    code: "EMPTY_RESPONSE",
    details: { why: "The model ended its turn before the answer, and wanted to go on." },
  });
});

test("a response that is completed by name and failed by status has failed", async () => {
  const error = { code: "server_is_overloaded", message: "Busy" };
  const event = ended({ status: "failed", error });
  expect(await failed(event)).toMatchObject({ code: "OVERLOADED", details: { retryable: true } });
  expect(await failed(delta("Half"), event)).toMatchObject({
    code: "OVERLOADED",
    details: { partialText: "Half", retryable: false },
  });
  expect(await failed(ended({ status: "failed", error: null }))).toMatchObject({
    code: "UPSTREAM",
  });
});

test("a response that is completed by name and incomplete by status is incomplete", async () => {
  const short = { status: "incomplete", incomplete_details: { reason: "content_filter" } };
  expect((await failed(delta("Half"), ended(short))).code).toBe("POLICY");
  const untold = { status: "incomplete", incomplete_details: null };
  expect((await failed(delta("Half"), ended(untold))).code).toBe("INCOMPLETE");
  expect(await failed(delta("Half"), ended({ status: "cancelled" }))).toMatchObject({
    code: "INCOMPLETE",
    details: { why: 'The reason that it gave: "cancelled".' },
  });
});

test.each(["completed", "in_progress", "invented", null, 5])(
  "a response that is completed by name is whole with the status %j",
  async (status) => {
    const odd = { status, error: "odd", incomplete_details: "odd" };
    expect((await readStream(bodyOf(encode([delta("Whole"), ended(odd)])))).text).toBe("Whole");
    expect((await readStream(bodyOf(encode([delta("Whole"), completed()])))).text).toBe("Whole");
  },
);
