import { expect, test } from "vitest";
import type { ConversationItem, FunctionTool } from "../../src/query/request/conversation.ts";
import { answerEvents } from "../simulator/index.ts";
import { queryRig } from "../support/query-rig.ts";
import { completed, created, failure, json, stream } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const tool: FunctionTool = {
  name: "get_weather",
  description: "The weather in a city.",
  parameters: { type: "object", properties: { city: { type: "string" } } },
};
const question: ConversationItem = {
  type: "message",
  role: "user",
  text: "Use get_weather for Oslo.",
};

test.each([
  ["classic", false],
  ["Lite", true],
])("a function is asked for, called and answered in the %s shape", async (_, requireLite) => {
  const simulator = await simulate({ switches: { requireLite } });
  const { client } = queryRig({ simulator });
  const first = await client.query({ input: [question], tools: [tool] });
  const [call] = first.functionCalls;
  expect(call).toMatchObject({ name: "get_weather", arguments: expect.any(String) as string });
  expect(first.text).toBe("");
  expect(first.items.map(({ type }) => type)).toEqual(["reasoning", "function_call"]);

  const output = {
    type: "function_call_output",
    callId: call?.callId ?? "",
    output: "Rain.",
  } as const;
  const input = [question, ...first.items, output];
  const second = await client.query({ input, tools: [tool] });
  expect(second).toMatchObject({ text: "The function gave: Rain.", functionCalls: [] });
  const message = { type: "message", role: "assistant", phase: "final_answer", text: second.text };
  expect(second.items.at(-1)).toEqual(message);

  const body = simulator.requests.findLast(({ route }) => route === "responses")?.json;
  const wire = {
    type: "function",
    name: "get_weather",
    description: "The weather in a city.",
    strict: false,
    parameters: tool.parameters,
  };
  const functions = { type: "namespace", name: "functions", tools: [wire] };
  expect(body).toMatchObject(
    requireLite
      ? {
          input: [{ type: "additional_tools", role: "developer", tools: [functions] }, {}, {}, {}, {}, {}],
        }
      : { tools: [wire], tool_choice: "auto", parallel_tool_calls: true },
  );
  expect(body).not.toHaveProperty(requireLite ? "tools" : "input[0].tools");
});

test("a call can be required, and one function can", async () => {
  const simulator = await simulate();
  const { client } = queryRig({ simulator });
  const other = { ...tool, name: "other" };
  const ask = async (toolChoice: "required" | "none" | { name: string }): Promise<string[]> => {
    const reply = await client.query({ prompt: "Hi", tools: [tool, other], toolChoice });
    return reply.functionCalls.map(({ name }) => name);
  };
  expect(await ask("required")).toEqual(["get_weather"]);
  expect(await ask({ name: "other" })).toEqual(["other"]);
  expect(await ask("none")).toEqual([]);
});

test("a model that takes only Lite cannot be made to call, and says so", async () => {
  const simulator = await simulate({ switches: { requireLite: true } });
  const { client } = queryRig({ simulator });
  const request = { prompt: "Hi", tools: [tool] };
  const refused = await failure(client.query({ ...request, toolChoice: "required" }));
  expect(refused).toMatchObject({ code: "BAD_REQUEST", details: { field: "toolChoice" } });
  expect((await client.query({ ...request, toolChoice: "none" })).functionCalls).toEqual([]);
});

test("a refused function is told by its field, without an attempt in another shape", async () => {
  const simulator = await simulate();
  const error = { message: "Invalid schema.", param: "tools[0].parameters", code: "invalid_value" };
  simulator.next("responses", json(400, { error }));
  const rig = queryRig({ simulator });
  const refused = await failure(rig.client.query({ prompt: "Hi", tools: [tool] }));
  expect(refused).toMatchObject({ code: "BAD_REQUEST", details: { field: "tools[0].parameters" } });
  expect(simulator.requests.filter(({ route }) => route === "responses")).toHaveLength(1);
});

test("a call that was begun and never finished is no answer", async () => {
  const simulator = await simulate();
  const calls = [{ callId: "c1", name: "get_weather", arguments: "{}" }];
  const events = answerEvents({ text: "Let me see.", calls });
  const kept = events.filter(
    (event) => !JSON.stringify(event).includes("output_item.done") || !JSON.stringify(event).includes("function_call"),
  );
  simulator.next("responses", stream(...kept));
  const asked = queryRig({ simulator }).ask({ model: "gpt-5.5", tools: [tool] });
  const broken = await failure(asked.reply);
  expect(broken).toMatchObject({ code: "PROTOCOL", details: { partialText: "Let me see." } });
});

test("a call that nobody offered a function for is no answer, and no part of one", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const calls = [{ callId: "c1", name: "get_weather", arguments: "{}" }];
  simulator.next("responses", stream(...answerEvents({ text: "", calls })));
  const empty = await failure(rig.ask().reply);
  expect(empty).toMatchObject({
    code: "EMPTY_RESPONSE",
    details: { why: "The model wanted to call a function, and none was offered." },
  });
  simulator.next("responses", stream(...answerEvents({ text: "It rains.", calls })));
  const reply = await rig.ask().reply;
  expect(reply).toMatchObject({ text: "It rains.", functionCalls: [] });
  expect(reply.items.map(({ type }) => type)).toEqual(["message"]);
});

test("a call that nobody offered a function for is not told, and holds no repetition back", async () => {
  const simulator = await simulate();
  const calls = [{ callId: "c1", name: "get_weather", arguments: "{}" }];
  const cut = answerEvents({ text: "", calls }).slice(0, -1);
  simulator.next("responses", stream(...cut), stream(...answerEvents({ text: "It rains." })));
  const told: string[] = [];
  for await (const event of queryRig({ simulator }).client.stream({ prompt: "Hi" })) {
    told.push(event.type);
  }
  expect(new Set(told)).toEqual(new Set(["text", "usage", "completed"]));
});

test("neither text nor a call is EMPTY_RESPONSE", async () => {
  const simulator = await simulate();
  simulator.next("responses", stream(created, completed()));
  const empty = await failure(queryRig({ simulator }).ask({ model: "gpt-5.5" }).reply);
  expect(empty.code).toBe("EMPTY_RESPONSE");
});

test("what is unusable is refused before anything is sent", async () => {
  const simulator = await simulate();
  const { client } = queryRig({ simulator });
  const system = [{ ...question, role: "system" }] as unknown as ConversationItem[];
  expect(await failure(client.query({ input: system }))).toMatchObject({
    code: "BAD_REQUEST",
    details: { field: "input[0].role" },
  });
  expect((await failure(client.stream({}).next())).code).toBe("BAD_REQUEST");
  expect(simulator.requests).toEqual([]);
});
