import { expect, test } from "vitest";
import { StreamEmitter } from "../../../src/query/response/stream-emitter.ts";
import type { StreamEvent } from "../../../src/query/response/stream-event.ts";
import { ReplyBuilder } from "../../../src/query/response/reply-builder.ts";
import type { ItemRef, ResponseEvent } from "../../../src/query/response/response-event.ts";

const at = (index: number | undefined, id?: string): ItemRef => ({ index, id });
const begun = (callId: string, item: ItemRef): ResponseEvent => ({
  type: "call-begun",
  item,
  call: { callId, name: "look" },
});
const delta = (text: string, item: ItemRef): ResponseEvent => ({
  type: "call-delta",
  delta: text,
  item,
});
const call = (callId: string, json: string): ResponseEvent => ({
  type: "call",
  item: { type: "function_call", callId, name: "look", arguments: json },
});
const start = (callId: string): StreamEvent => ({
  type: "function_call_start",
  callId,
  name: "look",
});
const piece = (callId: string, text: string): StreamEvent => ({
  type: "function_call_delta",
  callId,
  delta: text,
});
const whole = (callId: string, json: string): StreamEvent => ({
  type: "function_call",
  callId,
  name: "look",
  arguments: json,
});

function told(events: readonly ResponseEvent[], options: ConstructorParameters<typeof ReplyBuilder>[1] = {}) {
  const live: StreamEvent[] = [];
  const push = (event: StreamEvent): void => void live.push(event);
  const builder = new ReplyBuilder(1_000, { emitter: new StreamEmitter({ push }), ...options });
  for (const event of events) builder.add(event);
  return { live, builder };
}

test("two calls at once keep their deltas apart, by index or by id", () => {
  const { live } = told([
    begun("a", at(0, "fc_a")),
    begun("b", at(1, "fc_b")),
    delta("1", at(undefined, "fc_b")),
    delta("2", at(0)),
    call("b", "1"),
    call("a", "2"),
  ]);
  expect(live).toEqual([start("a"), start("b"), piece("b", "1"), piece("a", "2"), whole("b", "1"), whole("a", "2")]);
});

test.each<[string, ResponseEvent[], StreamEvent[]]>([
  ["a start that comes twice", [begun("a", at(0)), begun("a", at(0))], [start("a")]],
  ["a delta of no started call", [delta("x", at(0)), begun("a", at(0))], [start("a")]],
  ["a delta without a reference", [begun("a", at(0)), delta("x", at(undefined))], [start("a")]],
  ["an empty delta", [begun("a", at(0)), delta("", at(0))], [start("a")]],
  ["a call without a start", [call("a", "{}")], [whole("a", "{}")]],
  ["a start and a delta after the whole", [call("a", "{}"), begun("a", at(0))], [whole("a", "{}")]],
  [
    "a delta after the whole",
    [begun("a", at(0)), call("a", "{}"), delta("x", at(0)), call("a", "{}")],
    [start("a"), whole("a", "{}")],
  ],
])("what is told of %s", (_, events, expected) => {
  expect(told(events).live).toEqual(expected);
});

test("a call that no function was offered for is not told, neither its start nor its arguments", () => {
  const events = [begun("a", at(0)), delta("x", at(0)), call("a", "x")];
  const { live, builder } = told(events, { functionsOffered: false });
  expect(live).toEqual([]);
  expect(builder.hasOutput).toBe(false);
});

test("a start begins the answer for a reader only", () => {
  expect(told([begun("a", at(0))]).builder).toMatchObject({ hasOutput: true, functionCalls: [] });
  expect(told([begun("a", at(0))], { emitter: undefined }).builder.hasOutput).toBe(false);
});
