import { expect, test } from "vitest";
import type { ResponseEvent } from "../../../src/query/response/response-event.ts";
import { toResponseEvent } from "../../../src/query/response/parse-event.ts";
import { answerEvents, errorEvent, failedEvent, incompleteEvent } from "../../simulator/index.ts";

const now = Date.UTC(2026, 10, 20, 12);

function read(event: unknown): ResponseEvent {
  return toResponseEvent(JSON.stringify(event), now);
}

test("usage is read, and odd usage does no harm", () => {
  const usage = {
    input_tokens: 25,
    input_tokens_details: { cached_tokens: 5 },
    output_tokens: 40,
    output_tokens_details: { reasoning_tokens: 12 },
  };
  expect(read({ type: "response.completed", response: { usage } })).toEqual({
    type: "completed",
    usage: { inputTokens: 25, cachedInputTokens: 5, outputTokens: 40, reasoningTokens: 12 },
    output: [],
  });
  for (const odd of [undefined, null, "many", {}, { input_tokens: null, output_tokens: -1 }]) {
    expect(read({ type: "response.completed", response: { usage: odd } })).toMatchObject({
      usage: undefined,
    });
  }
});

test("counts may be text, and what is not told is not known", () => {
  const count = (usage: unknown): unknown =>
    (read({ type: "response.completed", response: { usage } }) as { usage?: unknown }).usage;
  const unknown = { cachedInputTokens: undefined, reasoningTokens: undefined };
  expect(count({ input_tokens: "10", output_tokens: null })).toStrictEqual({
    ...unknown,
    inputTokens: 10,
    outputTokens: undefined,
  });
  expect(count({ output_tokens: 0, output_tokens_details: {} })).toStrictEqual({
    ...unknown,
    inputTokens: undefined,
    outputTokens: 0,
  });
  for (const odd of ["", "ten", "-1", "1.5", 1.5, -1, [], "9".repeat(20)]) {
    expect(count({ input_tokens: odd, output_tokens: 1 })).toMatchObject({
      inputTokens: undefined,
    });
  }
  const details = { input_tokens: 1, input_tokens_details: { cached_tokens: "1" } };
  expect(count(details)).toMatchObject({ cachedInputTokens: 1 });
});

test("the items of the final list are read", () => {
  const [whole] = answerEvents({ text: "hi", output: "full", reasoning: ["**x**"] }).slice(-1);
  expect(read(whole)).toMatchObject({
    type: "completed",
    output: [
      { type: "reasoning-item", item: { summary: ["**x**"] } },
      { type: "message", message: { text: "hi", refused: false, phase: "final_answer" } },
    ],
  });
});

test("why an answer stopped short", () => {
  expect(read(incompleteEvent("max_output_tokens"))).toMatchObject({
    type: "incomplete",
    reason: "max_output_tokens",
  });
  for (const incomplete_details of [undefined, null, {}, { reason: null }, { reason: 5 }]) {
    const event = { type: "response.incomplete", response: { incomplete_details } };
    expect(read(event)).toMatchObject({ type: "incomplete", reason: undefined });
  }
});

test("a failure with its code, its words and its reset", () => {
  const event = failedEvent("usage_limit_reached", "Used up", { resets_at: 1_795_203_728 });
  expect(read(event)).toMatchObject({
    type: "failed",
    failure: { code: "usage_limit_reached", message: "Used up", resetsAt: 1_795_203_728_000 },
  });
  expect(read({ type: "response.failed", response: { error: null } })).toMatchObject({
    type: "failed",
    failure: { code: undefined, message: "" },
  });
});

test("an error event is the end in both of its shapes", () => {
  expect(read(errorEvent("cyber_policy", "Flagged"))).toMatchObject({
    type: "failed",
    failure: { code: "cyber_policy", type: undefined, message: "Flagged" },
  });
  expect(read(errorEvent("cyber_policy", "Flagged", "nested"))).toMatchObject({
    type: "failed",
    failure: { code: "cyber_policy", type: "invalid_request", message: "Flagged" },
  });
  expect(read({ type: "error" })).toMatchObject({ type: "failed" });
});

test("a failure keeps the field and the status that it names, in every shape", () => {
  const named = { code: "invalid_value", param: "tools", status: 400 };
  const { code, param, status } = named;
  for (const event of [
    failedEvent(code, "No", { param, status }),
    errorEvent(code, "No", "flat", { param, status }),
    errorEvent(code, "No", "nested", { param, status }),
    { type: "error", status, error: { code, message: "No", param } },
    { type: "response.failed", response: { status: "failed", error: { ...named } } },
  ]) {
    expect(read(event), JSON.stringify(event)).toMatchObject({ type: "failed", failure: named });
  }
});

test.each([200, 302, 99, 1000, 400.5, "400", null, undefined])("a failure with the status %j names none", (status) => {
  expect(read(failedEvent("x", "", { status }))).toMatchObject({
    failure: { status: undefined },
  });
});

test("a failure tells its reset in seconds since 1970 or from now, as number or text", () => {
  const resets: [object, number][] = [
    [{ resets_at: "1795203728" }, 1_795_203_728_000],
    [{ resets_in_seconds: 60 }, now + 60_000],
    [{ resets_in_seconds: "60" }, now + 60_000],
  ];
  for (const [extra, resetsAt] of resets) {
    expect(read(failedEvent("usage_limit_reached", "", extra))).toMatchObject({
      failure: { resetsAt },
    });
  }
});
