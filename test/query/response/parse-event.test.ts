import { expect, test } from "vitest";
import type { ResponseEvent } from "../../../src/query/response/response-event.ts";
import { toResponseEvent } from "../../../src/query/response/parse-event.ts";

const now = Date.UTC(2026, 10, 20, 12);

function read(event: unknown): ResponseEvent {
  return toResponseEvent(typeof event === "string" ? event : JSON.stringify(event), now);
}

test("a text delta names its item by index, id, both or neither", () => {
  const event = { type: "response.output_text.delta", delta: "a" };
  expect(read(event)).toEqual({
    type: "text",
    delta: "a",
    item: { index: undefined, id: undefined },
  });
  expect(read({ ...event, output_index: 2, item_id: "m" })).toEqual({
    type: "text",
    delta: "a",
    item: { index: 2, id: "m" },
  });
});

test("a delta of a refusal is text, and marked", () => {
  const event = { type: "response.refusal.delta", delta: "No", output_index: 1 };
  const marked = { type: "text", delta: "No", refused: true, item: { index: 1 } };
  expect(read(event)).toMatchObject(marked);
});

test("a finished part is read in each of its forms", () => {
  const at = { output_index: 1, item_id: "m", content_index: 2 };
  const part = { type: "part", item: { index: 1, id: "m" }, index: 2 };
  const said = { ...part, text: "a", refused: false };
  const refused = { ...part, text: "No", refused: true };
  expect(read({ type: "response.output_text.done", ...at, text: "a" })).toEqual(said);
  expect(read({ type: "response.refusal.done", ...at, refusal: "No" })).toEqual(refused);
  const done = { type: "response.content_part.done", ...at };
  expect(read({ ...done, part: { type: "output_text", text: "a" } })).toEqual(said);
  expect(read({ ...done, part: { type: "refusal", refusal: "No" } })).toEqual(refused);
  for (const odd of [undefined, null, {}, { type: "reasoning_text", text: "a" }, { type: 5 }]) {
    expect(read({ ...done, part: odd })).toEqual({ type: "other" });
  }
});

test("a finished message has its text parts joined, and unknown parts left out", () => {
  const item = {
    type: "message",
    id: "m",
    role: "assistant",
    phase: "final_answer",
    content: [
      { type: "output_text", text: "one ", annotations: [] },
      { type: "sparkles", text: 1 },
      { type: "output_text", text: "two" },
    ],
  };
  expect(read({ type: "response.output_item.done", output_index: 3, item })).toEqual({
    type: "message",
    item: { index: 3, id: "m" },
    message: { text: "one two", refused: false, phase: "final_answer" },
  });
});

test("a refusal is shown and marked", () => {
  const item = { type: "message", content: [{ type: "refusal", refusal: "I cannot." }] };
  expect(read({ type: "response.output_item.done", item })).toMatchObject({
    message: { text: "I cannot.", refused: true, phase: undefined },
  });
});

test("a call that begins names itself, and its deltas name its item", () => {
  const item = { type: "function_call", id: "fc", call_id: "call_1", name: "look", arguments: "" };
  const at = { output_index: 1 };
  const added = { type: "response.output_item.added", ...at };
  const ref = { index: 1, id: "fc" };
  const begun = { type: "call-begun", item: ref, call: { callId: "call_1", name: "look" } };
  expect(read({ ...added, item })).toEqual(begun);
  for (const odd of [{ call_id: 5 }, { call_id: "" }, { name: undefined }]) {
    expect(read({ ...added, item: { ...item, ...odd } })).toEqual({ ...begun, call: undefined });
  }
  const delta = { type: "response.function_call_arguments.delta", ...at, item_id: "fc" };
  expect(read({ ...delta, delta: "{" })).toEqual({ type: "call-delta", item: ref, delta: "{" });
  expect(read({ ...delta, delta: 5 })).toEqual({ type: "other" });
});

test.each([
  "response.created",
  "response.in_progress",
  "response.output_item.added",
  "response.content_part.done",
  "response.web_search_call.searching",
  "response.metadata",
  "keepalive",
  "response.invented_in_2027",
  "__proto__",
])("%s is ignored", (type) => {
  expect(read({ type, delta: 5, response: "odd" })).toEqual({ type: "other" });
});

test("items of an unknown kind, and reasoning that cannot be sent again, are ignored", () => {
  for (const item of [{ type: "web_search_call" }, { type: "reasoning", summary: [] }]) {
    expect(read({ type: "response.output_item.done", item })).toEqual({ type: "other" });
  }
});

test.each([
  [{ type: "response.output_item.done" }],
  [{ type: "response.output_item.done", item: {} }],
  [{ type: "response.output_item.done", item: { type: "message", content: "text" } }],
  [{ type: "response.completed" }],
  [{ type: "response.completed", response: "done" }],
  [{ type: "response.incomplete" }],
  [{ type: "response.failed" }],
])("a known kind in a wrong shape is PROTOCOL: %j", (event) => {
  expect(() => read(event)).toThrow(expect.objectContaining({ code: "PROTOCOL" }));
});

test.each([
  [{ type: "response.output_text.delta" }],
  [{ type: "response.output_text.delta", delta: 5 }],
  [{ type: "response.refusal.delta", delta: null }],
])("a text delta without its text is unreadable, and names its item: %j", (event) => {
  const item = { index: 1, id: "m" };
  expect(read({ ...event, output_index: 1, item_id: "m" })).toEqual({ type: "unreadable", item });
});

test.each([
  [{ type: "response.reasoning_summary_text.delta", delta: null }],
  [{ type: "response.reasoning_summary_text.delta" }],
  [{ type: "response.output_item.added", item: null }],
  [{ type: "codex.rate_limits", rate_limits: 5, plan_type: 7 }],
  [{ type: "response.metadata", headers: null }],
])("what feeds only progress may have any shape: %j", (event) => {
  expect(read(event)).toEqual({ type: "other" });
});

test("odd references of a delta do not cost its text", () => {
  const event = {
    type: "response.output_text.delta",
    delta: "a",
    output_index: "x",
    item_id: 7,
  };
  expect(read(event)).toMatchObject({
    type: "text",
    delta: "a",
    item: { index: undefined, id: undefined },
  });
});

test.each(["null", "true", "42", '"text"', "[]", '[{"type":"error"}]'])(
  "a JSON value that can be no event is ignored: %s",
  (data) => {
    expect(read(data)).toEqual({ type: "other" });
  },
);

test.each(["", "not json", '{"type":', '{"no":"type"}'])("data that is no event is unreadable: %j", (data) => {
  expect(read(data)).toEqual({ type: "unreadable" });
});

test("the terminator of other services is ignored", () => {
  expect(read("[DONE]")).toEqual({ type: "other" });
});
