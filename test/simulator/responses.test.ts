import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { startSimulator, type Simulator, type SimSwitches } from "./index.ts";
import { ask, type Changes } from "./test-client.ts";

let sim: Simulator;
let switches: SimSwitches;
beforeAll(async () => {
  sim = await startSimulator();
  switches = { ...sim.switches };
});
afterEach(() => {
  sim.switches = { ...switches };
  sim.reset();
});
afterAll(() => sim.close());

const LITE = { "x-openai-internal-codex-responses-lite": "true" };
const USER = { type: "message", role: "user", content: [{ type: "input_text", text: "hello" }] };
const DEVELOPER = { ...USER, role: "developer" };

/** The Lite shape of a question. */
const LITE_BODY = {
  model: "gpt-6.1-sol",
  instructions: undefined,
  input: [{ type: "additional_tools", role: "developer", tools: [] }, DEVELOPER, USER],
  parallel_tool_calls: false,
  reasoning: { effort: "low", context: "all_turns" },
};

async function refusal(body: Record<string, unknown>, headers: Changes = {}): Promise<unknown[]> {
  const response = await ask(sim, { body, headers });
  return [response.status, await response.json()];
}

test.each<[string, Record<string, unknown>, string]>([
  ["store other than false", { store: true }, "Store must be set to false"],
  ["a missing store", { store: undefined }, "Store must be set to false"],
  ["stream other than true", { stream: false }, "Stream must be set to true"],
  ["a missing stream", { stream: undefined }, "Stream must be set to true"],
  ["missing instructions", { instructions: undefined }, "Instructions are required"],
  ["empty instructions", { instructions: "" }, "Instructions are required"],
  ["system items", { input: [{ ...USER, role: "system" }, USER] }, "System messages are not allowed"],
  [
    "a retired model",
    { model: "gpt-5.1-codex" },
    "The 'gpt-5.1-codex' model is not supported when using Codex with a ChatGPT account.",
  ],
])("refuses %s", async (_, body, detail) => {
  expect(await refusal(body)).toEqual([400, { detail }]);
});

test.each([
  "temperature",
  "top_p",
  "top_logprobs",
  "max_output_tokens",
  "max_tokens",
  "max_completion_tokens",
  "metadata",
  "user",
  "truncation",
  "safety_identifier",
  "prompt_cache_retention",
  "frequency_penalty",
  "presence_penalty",
  "previous_response_id",
  "messages",
  "something_new",
])("refuses the parameter %s by name", async (name) => {
  expect(await refusal({ [name]: 1 })).toEqual([400, { detail: `Unsupported parameter: ${name}` }]);
});

test.each<[string, Record<string, unknown>, string]>([
  ["the raw effort ultra", { model: "gpt-6.1-sol", reasoning: { effort: "ultra" } }, "reasoning.effort"],
  ["an effort that the model lacks", { reasoning: { effort: "max" } }, "reasoning.effort"],
  ["the effort none", { reasoning: { effort: "none" } }, "reasoning.effort"],
  ["an unknown verbosity", { text: { verbosity: "loud" } }, "text.verbosity"],
  ["an unknown summary", { reasoning: { summary: "none" } }, "reasoning.summary"],
  ["an unknown service tier", { service_tier: "fast" }, "service_tier"],
  ["input that is a string", { input: "hello" }, "input"],
  ["an empty input", { input: [] }, "input"],
  ["an unknown role", { input: [{ ...USER, role: "tool" }] }, "input[0].role"],
  ["an unknown content type", { input: [{ ...USER, content: [{ type: "text", text: "x" }] }] }, "input[0].content"],
  ["a tool list without the lite header", { ...LITE_BODY, reasoning: undefined }, "input[0].type"],
])("refuses %s", async (_, body, param) => {
  expect(await refusal(body)).toMatchObject([400, { error: { code: "invalid_value", param } }]);
});

test("refuses an item of an earlier turn that is only an id", async () => {
  const input = [{ type: "reasoning", id: "rs_1", summary: [] }, USER];
  const [status, body] = await refusal({ input });
  expect(status).toBe(404);
  expect(JSON.stringify(body)).toContain("Item with id 'rs_1' not found");
});

test("takes a leading developer item for the instructions", async () => {
  const response = await ask(sim, { body: { instructions: "", input: [DEVELOPER, USER] } });
  expect(response.status).toBe(200);
  expect(await refusal({ instructions: "", input: [USER, DEVELOPER] })).toMatchObject([400, {}]);
});

test("does without instructions when the switch is off", async () => {
  sim.switches.instructionsRequired = false;
  expect((await ask(sim, { body: { instructions: undefined } })).status).toBe(200);
});

test("refuses a body that is no JSON object, not JSON by its type, compressed or too large", async () => {
  const status = async (headers: Changes, body: Record<string, unknown> = {}): Promise<number> =>
    (await ask(sim, { headers, body })).status;
  expect(await status({ "content-type": "text/plain" })).toBe(415);
  expect(await status({ "content-encoding": "zstd" })).toBe(415);
  expect(await status({ accept: "application/json" })).toBe(406);
  expect(await status({}, { instructions: "x".repeat(16 * 1024 * 1024) })).toBe(413);
});

test.each<[SimSwitches["versionGateStyle"], number, string]>([
  ["not-supported", 400, "The 'gpt-6-astra' model is not supported when using Codex"],
  ["requires-newer", 400, "The 'gpt-6-astra' model requires a newer version of Codex."],
  ["not-found", 404, "Model not found gpt-6-astra"],
])("gates a model above the version header in the style %s", async (style, status, words) => {
  sim.switches.versionGateStyle = style;
  for (const version of ["0.152.9", undefined, "nonsense"]) {
    const response = await ask(sim, { body: { model: "gpt-6-astra" }, headers: { version } });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(words);
  }
  const exact = await ask(sim, { body: { model: "gpt-6-astra" }, headers: { version: "0.153.0" } });
  expect(exact.status).toBe(200);
});

test("gpt-5.5 needs no version header", async () => {
  expect((await ask(sim, { headers: { version: undefined } })).status).toBe(200);
});

test("refuses a listed model that the account may not use", async () => {
  sim.switches.disallowedModels = ["gpt-6-luna"];
  expect((await ask(sim, { body: { model: "gpt-6-luna" } })).status).toBe(400);
});

test("takes the classic shape for lite models unless requireLite is on", async () => {
  const body = { model: "gpt-6.1-sol" };
  expect((await ask(sim, { body })).status).toBe(200);
  sim.switches.requireLite = true;
  expect(await refusal(body)).toMatchObject([400, { detail: expect.stringContaining("gpt-6.1-sol") as string }]);
  sim.switches.requireLiteStatus = 404;
  expect((await ask(sim, { body })).status).toBe(404);
  expect((await ask(sim, { body: { model: "gpt-5.5" } })).status).toBe(200);
  expect((await ask(sim, { body: LITE_BODY, headers: LITE })).status).toBe(200);
});

test("takes the Lite shape with the lite header", async () => {
  expect((await ask(sim, { body: LITE_BODY, headers: LITE })).status).toBe(200);
});

test.each<[string, Record<string, unknown>, string]>([
  ["top-level tools", { tools: [] }, "tools"],
  ["top-level instructions", { instructions: "Answer." }, "instructions"],
  ["a model that is not lite", { model: "gpt-5.5" }, "model"],
  ["parallel tool calls", { parallel_tool_calls: true }, "parallel_tool_calls"],
  ["unsaid parallel tool calls", { parallel_tool_calls: undefined }, "parallel_tool_calls"],
  ["a reasoning context other than all_turns", { reasoning: { effort: "low" } }, "reasoning.context"],
])("refuses the lite header with %s", async (_, changes, param) => {
  const answer = await refusal({ ...LITE_BODY, ...changes }, LITE);
  expect(answer).toMatchObject([400, { error: { code: "unsupported_value", param } }]);
});

test("refuses a Lite body that carries no instructions", async () => {
  expect(await refusal({ ...LITE_BODY, input: [USER] }, LITE)).toEqual([400, { detail: "Instructions are required" }]);
});

test("refuses a Lite body without the lite header", async () => {
  expect(await refusal({ ...LITE_BODY, input: [USER], reasoning: {} })).toEqual([
    400,
    { detail: "Instructions are required" },
  ]);
  expect((await refusal({ ...LITE_BODY, input: [DEVELOPER, USER] }))[0]).toBe(400);
});
