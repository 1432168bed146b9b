import { expect, test } from "vitest";
import { ReplyBuilder } from "../../../src/query/response/reply-builder.ts";
import type { ItemEvent, ItemRef, MessageItem, ResponseEvent } from "../../../src/query/response/response-event.ts";

const nothing: ItemRef = { index: undefined, id: undefined };

function text(delta: string, item: Partial<ItemRef> = {}): ResponseEvent {
  return { type: "text", delta, item: { ...nothing, ...item } };
}

function message(words: string, item: Partial<ItemRef> = {}, rest: Partial<MessageItem> = {}): ItemEvent {
  return {
    type: "message",
    item: { ...nothing, ...item },
    message: { text: words, refused: false, phase: undefined, ...rest },
  };
}

function completed(...output: string[]): ResponseEvent {
  return { type: "completed", usage: undefined, output: output.map((words) => message(words)) };
}

function built(...events: ResponseEvent[]): ReplyBuilder {
  const builder = new ReplyBuilder(1000);
  for (const event of events) builder.add(event);
  return builder;
}

test.each<[string, ResponseEvent[], string]>([
  ["deltas alone", [text("one "), text("two"), completed()], "one two"],
  ["a finished message alone", [message("whole"), completed()], "whole"],
  [
    "a finished message in place of its deltas",
    [text("who", { index: 0 }), text("lly", { index: 0 }), message("whole", { index: 0 })],
    "whole",
  ],
  ["a message that is named by id alone", [text("draft", { id: "a" }), message("final", { id: "a" })], "final"],
  ["a message without any name in place of the open deltas", [text("draft"), message("final")], "final"],
  [
    "two messages, in their order",
    [text("1", { index: 1 }), message("first", { index: 1 }), text("second", { index: 2 })],
    "first\n\nsecond",
  ],
  [
    "deltas of two messages that come mixed",
    [text("a", { index: 1 }), text("x", { index: 2 }), text("b", { index: 1 }), text("y", { index: 2 })],
    "ab\n\nxy",
  ],
  ["the final list where no item came", [completed("listed")], "listed"],
  ["no final list where an item came", [message("item"), completed("listed")], "item"],
  ["no final list where deltas came", [text("delta"), completed("listed")], "delta"],
  ["an empty message beside a full one", [message("", { index: 0 }), message("b", { index: 1 })], "b"],
  ["nothing", [{ type: "other" }, completed()], ""],
])("the answer of %s", (_, events, expected) => {
  expect(built(...events).answer().text).toBe(expected);
});

const commentary = message("I look at it.", { index: 0 }, { phase: "commentary" });

test("commentary is left out beside a final answer", () => {
  const final = message("It is safe.", { index: 1 }, { phase: "final_answer" });
  expect(built(commentary, final).answer().text).toBe("It is safe.");
});

test("commentary is shown where it is all there is", () => {
  expect(built(commentary, completed()).answer().text).toBe("I look at it.");
});

test("a refusal is text, and marked", () => {
  const refusal = message("I cannot help with that.", {}, { refused: true });
  expect(built(refusal).answer()).toEqual({ text: "I cannot help with that.", refused: true });
});

test.each<[string, ResponseEvent, boolean]>([
  ["completed", completed(), true],
  ["incomplete", { type: "incomplete", reason: "max_output_tokens", usage: undefined }, true],
  [
    "failed",
    {
      type: "failed",
      failure: {
        code: "x",
        type: undefined,
        message: "",
        param: undefined,
        status: undefined,
        resetsAt: undefined,
        retryAfterMs: undefined,
        quota: undefined,
      },
    },
    true,
  ],
  ["text", text("a"), false],
  ["message", message("a"), false],
  ["reasoning", { type: "reasoning", delta: "a" }, false],
  ["unreadable", { type: "unreadable" }, false],
  ["other", { type: "other" }, false],
])("whether %s ends the stream", (_, event, ends) => {
  expect(new ReplyBuilder(1000).add(event)).toBe(ends);
});

test("only answer text is counted as characters", () => {
  const builder = built({ type: "reasoning", delta: "long thoughts" });
  expect(builder.characters).toBe(0);
  builder.add(text("four"));
  expect(builder.characters).toBe(4);
  builder.add(message("fourteen chars"));
  expect(builder.characters).toBe(14);
});

test("an answer above its bound is refused as soon as it passes it", () => {
  const builder = built(text("a".repeat(1000)));
  expect(() => builder.add(text("b"))).toThrow(
    expect.objectContaining({ code: "PROTOCOL", message: "The answer is too large to be taken." }),
  );
});

test("a finished message counts once, not beside its own deltas", () => {
  const words = "a".repeat(900);
  expect(built(text(words, { index: 0 }), message(words, { index: 0 })).characters).toBe(900);
});

test("the heading is that of the present part of the reasoning", () => {
  const builder = built({ type: "reasoning", delta: "**Checking the" });
  expect(builder.heading).toBeUndefined();
  builder.add({ type: "reasoning", delta: " lock order**\n\nIt seems" });
  expect(builder.heading).toBe("Checking the lock order");
  builder.add({ type: "reasoning-part" });
  expect(builder.heading).toBeUndefined();
});

test("only the beginning of a part is kept and searched for its heading", () => {
  const builder = new ReplyBuilder(1000);
  for (let n = 0; n < 100; n++) builder.add({ type: "reasoning", delta: "x".repeat(100) });
  builder.add({ type: "reasoning", delta: "**Too late**" });
  expect(builder.heading).toBeUndefined();
});

test("an unreadable event damages the answer unless the whole message came", () => {
  expect(built(text("a", { index: 0 }), { type: "unreadable" }).isTruncated).toBe(true);
  expect(built(text("a", { index: 0 }), { type: "unreadable" }, message("ab", { index: 0 })).isTruncated).toBe(false);
  expect(built({ type: "unreadable" }).isTruncated).toBe(false);
});

test("a message with the id of its deltas replaces them, whatever its index", () => {
  const builder = new ReplyBuilder(1_000);
  builder.add({ type: "text", delta: "Hello", item: { index: 1, id: "a" } });
  const message = { text: "Hello", refused: false, phase: undefined };
  builder.add({ type: "message", item: { index: 0, id: "a" }, message });
  expect(builder.answer().text).toBe("Hello");
});

test("a call that is told twice is one call", () => {
  const builder = new ReplyBuilder(1_000);
  const call: ResponseEvent = {
    type: "call",
    item: { type: "function_call", callId: "call_1", name: "look", arguments: "{}" },
  };
  builder.add(call);
  builder.add(call);
  expect(builder.functionCalls).toEqual([{ callId: "call_1", name: "look", arguments: "{}" }]);
});
