import { expect, test } from "vitest";
import { CodexError } from "../../../src/shared/errors.ts";
import { checkedRequest } from "../../../src/query/request/request.ts";

function refusal(request: unknown): [string, string | undefined, string] {
  try {
    checkedRequest(request, 1_000);
  } catch (error) {
    if (error instanceof CodexError) return [error.code, error.details.field, error.message];
    throw error;
  }
  throw new Error("the request was accepted");
}

const user = { type: "message", role: "user", text: "Hi" };
const tool = { name: "look", parameters: { type: "object" } };
const call = { type: "function_call", callId: "c1", name: "look", arguments: "{}" };
const output = { type: "function_call_output", callId: "c1", output: "seen" };
const reasoning = { type: "reasoning", encryptedContent: "x" };

test.each<[string, unknown, string]>([
  ["nothing", undefined, "request"],
  ["no question", {}, "prompt"],
  ["a blank prompt", { prompt: " " }, "prompt"],
  ["a prompt of another kind", { prompt: 5 }, "prompt"],
  ["a prompt beside a conversation", { prompt: "Hi", input: [user] }, "input"],
  ["an empty conversation", { input: [] }, "input"],
  ["an unknown name", { prompt: "Hi", modell: "x" }, "modell"],
  ["a system message", { input: [{ ...user, role: "system" }] }, "input[0].role"],
  ["a message without text", { input: [user, { ...user, text: undefined }] }, "input[1].text"],
  ["an unknown kind of item", { input: [{ type: "item_reference", id: "x" }] }, "input[0].type"],
  ["reasoning without its content", { input: [{ type: "reasoning" }] }, "input[0].encryptedContent"],
  ["an output without its call", { input: [user, output] }, "input[1].callId"],
  ["an output before its call", { input: [output, call] }, "input[0].callId"],
  ["two outputs of one call", { input: [call, output, output] }, "input[2].callId"],
  ["a call without output", { input: [user, call] }, "input[1]"],
  ["a bad function name", { prompt: "Hi", tools: [{ ...tool, name: "a b" }] }, "tools[0].name"],
  ["two functions of one name", { prompt: "Hi", tools: [tool, tool] }, "tools[1].name"],
  ["parameters that are a list", { prompt: "Hi", tools: [{ ...tool, parameters: [] }] }, "tools[0].parameters"],
  ["parameters that are no JSON", { prompt: "Hi", tools: [{ ...tool, parameters: { n: 1n } }] }, "tools[0].parameters"],
  ["a choice that is unknown", { prompt: "Hi", toolChoice: "any" }, "toolChoice"],
  ["a required call of nothing", { prompt: "Hi", toolChoice: "required" }, "toolChoice"],
  ["a choice that is not offered", { prompt: "Hi", tools: [tool], toolChoice: { name: "x" } }, "toolChoice.name"],
  ["too long a prompt", { prompt: "x".repeat(1_001) }, "prompt"],
  ["too long a system prompt", { prompt: "Hi", systemPrompt: "x".repeat(1_001) }, "systemPrompt"],
  ["too long a conversation", { input: [user, { ...user, text: "x".repeat(999) }] }, "input"],
  ["too long a summary", { input: [{ ...reasoning, summary: ["x".repeat(1_001)] }] }, "input"],
  ["too many summaries", { input: [{ ...reasoning, summary: Array(400).fill("") }] }, "input"],
  [
    "too long names",
    { input: Array.from({ length: 4 }, () => [{ ...call, name: "x".repeat(200) }, output]).flat() },
    "input",
  ],
  ["too long functions", { prompt: "Hi", tools: [{ ...tool, description: "x".repeat(999) }] }, "tools"],
  [
    "a conversation that is too long with its functions",
    {
      input: [{ ...user, text: "x".repeat(450) }],
      tools: [{ ...tool, description: "x".repeat(450) }],
    },
    "input",
  ],
])("refuses %s, by the field's name", (_, request, field) => {
  expect(refusal(request)).toEqual(["BAD_REQUEST", field, expect.stringContaining(field)]);
});

test("a refusal never shows a value", () => {
  const secret = "sk-very-secret";
  for (const request of [
    { prompt: "Hi", model: `${secret}!` },
    { input: [{ ...user, role: secret }] },
    { prompt: "Hi", toolChoice: { name: secret } },
  ]) {
    expect(refusal(request).join(" ")).not.toContain(secret);
  }
});

test("what the service would trip over is left out, above all the ids of items", () => {
  const input = [
    { ...user, id: "msg_1", status: "completed" },
    { type: "reasoning", id: "rs_1", encryptedContent: "x" },
    { ...call, id: "fc_1" },
    output,
  ];
  expect(checkedRequest({ input }, 1_000)).toEqual({
    input: [user, { type: "reasoning", summary: [], encryptedContent: "x" }, call, output],
  });
});

test.each([15, 16.5, 1_000_001, "100"])("maxOutputTokens cannot be %j", (maxOutputTokens) => {
  expect(refusal({ prompt: "hi", maxOutputTokens })[1]).toBe("maxOutputTokens");
});

test("what is too small is told with the least that is taken", () => {
  expect(refusal({ prompt: "hi", maxOutputTokens: 15 })[2]).toContain("must be at least 16");
  expect(checkedRequest({ prompt: "hi", maxOutputTokens: 16 }, 10)).toMatchObject({
    maxOutputTokens: 16,
  });
});

test("prompt and system prompt may each be as long as the tool's schema says", () => {
  const request = { prompt: "x".repeat(1_000), systemPrompt: "y".repeat(1_000) };
  expect(checkedRequest(request, 1_000)).toEqual(request);
});

test("a conversation counts as JSON, to the character, together with its functions", () => {
  const around = JSON.stringify([{ ...user, text: "" }]).length + JSON.stringify([tool]).length;
  const ofLength = (length: number) => ({
    input: [{ ...user, text: "x".repeat(length - around) }],
    tools: [tool],
  });
  expect(checkedRequest(ofLength(1_000), 1_000)).toEqual(ofLength(1_000));
  expect(refusal(ofLength(1_001))[1]).toBe("input");
});

test.each<[unknown, string]>([
  [undefined, "request is required"],
  ["Hi", "request must be an object"],
  [{}, "prompt or input is required"],
  [{ prompt: "" }, "prompt must not be empty"],
  [{ prompt: "Hi", reasoningEffort: "x" }, "reasoningEffort must be one of none, minimal, low, "],
  [{ prompt: "Hi", temperature: -1 }, "temperature must be at least 0"],
  [{ prompt: "Hi", tools: Array(129).fill(tool) }, "tools must have at most 128 entries"],
  [{ prompt: "Hi", toolChoice: 5 }, "toolChoice must be auto, none, required or the name of"],
  [{ prompt: "Hi", modell: "x" }, "modell is unknown (accepted: prompt, input, tools, "],
  [{ input: [{ ...user, text: undefined }] }, "input[0].text is required"],
  [{ input: [{}] }, "input[0].type must be one of message, function_call, function_call_output, "],
  [{ input: [{ ...user, role: "x" }] }, "input[0].role must be one of user, developer, assistant"],
])("%j: %s", (request, sentence) => {
  expect(refusal(request)[2]).toContain(`The request is unusable: ${sentence}`);
});
