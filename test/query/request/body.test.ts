import { expect, test } from "vitest";
import type { QueryPlan } from "../../../src/query/request/plan.ts";
import { responseRequest } from "../../../src/query/request/body.ts";

const plan: QueryPlan = {
  slug: "gpt-5.5",
  model: undefined,
  effort: "medium",
  verbosity: undefined,
  notices: [],
};
const session = "11111111-2222-4333-8444-555555555555";

function part(role: string, text: string): object {
  return { type: "message", role, content: [{ type: "input_text", text }] };
}

test("the classic shape has instructions at the top and one user message", () => {
  const request = { prompt: "Why?", systemPrompt: "Be brief." };
  expect(responseRequest(request, { ...plan, verbosity: "high" }, "classic", session)).toEqual({
    model: "gpt-5.5",
    instructions: "Be brief.",
    input: [part("user", "Why?")],
    tools: [],
    tool_choice: "auto",
    parallel_tool_calls: false,
    reasoning: { effort: "medium", summary: "auto" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: session,
    text: { verbosity: "high" },
  });
});

test("the Lite shape has the instructions as first developer item, and no tools", () => {
  const request = { prompt: "Why?", systemPrompt: "Be brief." };
  expect(responseRequest(request, plan, "lite", session)).toEqual({
    model: "gpt-5.5",
    input: [part("developer", "Be brief."), part("user", "Why?")],
    parallel_tool_calls: false,
    reasoning: { effort: "medium", summary: "auto", context: "all_turns" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: session,
  });
});

test.each([undefined, "", "  \n"])("instructions are never empty (system prompt %j)", (given) => {
  const body = responseRequest({ prompt: "Why?", systemPrompt: given }, plan, "classic", session);
  expect(body["instructions"]).toMatch(/second opinion.*Answer first/s);
});

test("what the service refuses is never in the body", () => {
  const refused = /temperature|top_p|max_output_tokens|metadata|user"?:|truncation|"system"/;
  for (const shape of ["classic", "lite"] as const) {
    const body = responseRequest({ prompt: "Why?", temperature: 1 }, plan, shape, session);
    expect(JSON.stringify(body)).not.toMatch(refused);
  }
});

test("an unknown effort is left out, the summary is asked for all the same", () => {
  const body = responseRequest({ prompt: "Why?" }, { ...plan, effort: undefined }, "classic", session);
  expect(body["reasoning"]).toEqual({ summary: "auto" });
});
