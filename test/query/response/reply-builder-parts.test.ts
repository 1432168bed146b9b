import { expect, test } from "vitest";
import { StreamEmitter } from "../../../src/query/response/stream-emitter.ts";
import type { StreamEvent } from "../../../src/query/response/stream-event.ts";
import { ReplyBuilder } from "../../../src/query/response/reply-builder.ts";
import type { ItemRef, ResponseEvent } from "../../../src/query/response/response-event.ts";

const item: ItemRef = { index: 0, id: "m" };
const completed: ResponseEvent = { type: "completed", usage: undefined, output: [] };

function text(delta: string, ref = item): ResponseEvent {
  return { type: "text", delta, item: ref };
}

function part(words: string, index = 0, ref = item): ResponseEvent {
  return { type: "part", text: words, refused: false, index, item: ref };
}

function message(words: string, refused = false): ResponseEvent {
  return { type: "message", item, message: { text: words, refused, phase: undefined } };
}

function built(...events: ResponseEvent[]): { builder: ReplyBuilder; live: string } {
  let live = "";
  const push = (event: StreamEvent): void => {
    if (event.type === "text") live += event.delta;
  };
  const builder = new ReplyBuilder(1_000, { emitter: new StreamEmitter({ push }) });
  for (const event of events) builder.add(event);
  return { builder, live };
}

test.each<[string, ResponseEvent[], string]>([
  ["a finished part alone", [part("whole"), completed], "whole"],
  ["a part that is finished twice", [part("whole"), part("whole"), completed], "whole"],
  ["two parts", [part("one "), part("two", 1), completed], "one two"],
  ["a part after its own deltas", [text("wh"), text("ole"), part("whole"), completed], "whole"],
  ["a part before its message", [part("whole"), message("whole"), completed], "whole"],
  ["a part after its message", [message("whole"), part("whole"), completed], "whole"],
  ["parts of two messages", [part("a"), part("b", 0, { index: 1, id: "n" })], "a\n\nb"],
  ["deltas whose message is empty", [text("whole"), message(""), completed], "whole"],
  ["a part whose message is empty", [part("whole"), message(""), completed], "whole"],
])("the answer of %s", (_, events, expected) => {
  const { builder, live } = built(...events);
  expect(builder.answer().text).toBe(expected);
  expect(live).toBe(expected);
  expect(builder.characters).toBe(expected.replace("\n\n", "").length);
  expect(builder.isTruncated).toBe(false);
});

test("an empty message does not make up for a lost delta", () => {
  expect(built(text("a"), { type: "unreadable", item }, message("")).builder.isTruncated).toBe(true);
});

test("the deltas of an empty message are what the conversation goes on with", () => {
  const { builder } = built(text("whole"), message(""), completed);
  expect(builder.items()).toEqual([{ type: "message", role: "assistant", text: "whole" }]);
});

test.each<[string, ResponseEvent[]]>([
  ["deltas", [{ type: "text", delta: "I cannot.", item, refused: true }]],
  ["a part", [{ type: "part", text: "I cannot.", refused: true, index: 0, item }]],
  ["deltas and an empty message", [{ type: "text", delta: "No.", item, refused: true }, message("")]],
  ["a message", [message("I cannot.", true)]],
])("a refusal that comes in %s is marked", (_, events) => {
  const { builder } = built(...events, completed);
  expect(builder.answer().refused).toBe(true);
  expect(builder.items()).toMatchObject([{ refused: true }]);
});
