import { expect, test } from "vitest";
import { queryRig } from "../support/query-rig.ts";
import { errorEvent, type Reply } from "../simulator/index.ts";
import { delta, failure, json, stream } from "../support/replies.ts";
import { simulate } from "../support/server.ts";
import { sent } from "../support/sent.ts";

test("a question goes out in the classic shape, with our own name", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const { reply } = rig.ask({ prompt: "hello", temperature: 1 });
  expect(await reply).toMatchObject({
    text: "The simulator received: hello",
    refused: false,
    model: "gpt-6.1-sol",
    effort: "low",
    notices: ["temperature was not sent: the ChatGPT service refuses it."],
    usage: { inputTokens: 22 },
  });
  const request = await simulator.waitForRequest("responses");
  expect(request.headers).toMatchObject({
    authorization: `Bearer ${rig.login.secret}`,
    "chatgpt-account-id": rig.login.accountId,
    originator: "codex-oauth",
    "user-agent": "codex-oauth/0.0.0 (test)",
    version: "0.169.0",
    "session-id": "11111111-2222-4333-8444-555555555555",
    accept: "text/event-stream",
    "content-type": "application/json",
  });
  expect(Object.keys(request.headers).sort()).toEqual(
    [
      "accept",
      "authorization",
      "chatgpt-account-id",
      "connection",
      "content-length",
      "content-type",
      "host",
      "originator",
      "session-id",
      "user-agent",
      "version",
    ].sort(),
  );
  expect(Object.keys(request.json as object)).not.toContain("temperature");
});

for (const status of [400, 404] as const) {
  test(`a Lite model that refuses the classic shape (${status}) is asked once in Lite, and that is kept`, async () => {
    const simulator = await simulate({
      switches: { requireLite: true, requireLiteStatus: status },
    });
    const rig = queryRig({ simulator });
    expect((await rig.ask({ prompt: "one" }).reply).text).toBe("The simulator received: one");
    expect((await rig.ask({ prompt: "two" }).reply).text).toBe("The simulator received: two");
    const classic = { model: "gpt-6.1-sol", shape: "classic", instructions: true };
    const inLite = { model: "gpt-6.1-sol", shape: "lite", instructions: false };
    expect(sent(simulator)).toMatchObject([classic, inLite, inLite]);
    // Another model has to show by itself what it wants.
    await rig.ask({ prompt: "three", model: "gpt-6-luna" }).reply;
    expect(sent(simulator).slice(3)).toMatchObject([
      { ...classic, model: "gpt-6-luna" },
      { ...inLite, model: "gpt-6-luna" },
    ]);
  });
}

test("a 404 that says nothing is tried in Lite, too", async () => {
  const simulator = await simulate();
  const nothing = { kind: "json", status: 404, body: { detail: "Not Found" } } as const;
  simulator.next("responses", nothing);
  expect((await queryRig({ simulator }).ask({ prompt: "one" }).reply).text).toContain("one");
  expect(sent(simulator)).toMatchObject([{ shape: "classic" }, { shape: "lite" }]);
});

test("a model without the Lite mark is never asked in Lite", async () => {
  const simulator = await simulate({ switches: { disallowedModels: ["gpt-5.5"] } });
  simulator.switches.models = simulator.switches.models.map((model) => ({
    ...model,
    upgrade: null,
  }));
  const rig = queryRig({ simulator });
  const error = await failure(rig.ask({ model: "gpt-5.5" }).reply);
  expect(error.code).toBe("MODEL_UNAVAILABLE");
  expect(sent(simulator)).toMatchObject([{ shape: "classic" }]);
});

test("a refusal that a value of ours explains does not lead to Lite", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const [sol] = simulator.switches.models;
  await rig.catalog.list(rig.login, new AbortController().signal);
  sol!.supported_reasoning_levels = [{ effort: "high", description: "" }];
  const error = await failure(rig.ask({ reasoningEffort: "low" }).reply);
  expect(error).toMatchObject({ code: "BAD_REQUEST", details: { field: "reasoning.effort" } });
  expect(sent(simulator)).toMatchObject([{ shape: "classic" }]);
});

test.each([
  "Unsupported parameter: temperature",
  "Store must be set to false",
  "Stream must be set to true",
  "System messages are not allowed",
])("a refusal that explains itself in words does not lead to Lite: %s", async (detail) => {
  const simulator = await simulate();
  simulator.next("responses", json(400, { detail }));
  const error = await failure(queryRig({ simulator }).ask().reply);
  expect(error).toMatchObject({
    code: "BAD_REQUEST",
    details: { why: `The service said: ${detail}` },
  });
  expect(sent(simulator)).toMatchObject([{ shape: "classic" }]);
});

test("an error inside the stream leads to Lite only where it names the status of a refusal", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const refused = (extra: object) => stream(errorEvent("invalid_value", "No", "nested", extra));
  const shapes = async (reply: Reply): Promise<unknown[]> => {
    const before = sent(simulator).length;
    simulator.next("responses", reply);
    await rig.ask({ model: "gpt-6.1-sol" }).reply.catch(() => undefined);
    return sent(simulator)
      .slice(before)
      .map(({ shape }) => shape);
  };
  expect(await shapes(refused({}))).toEqual(["classic"]);
  expect(await shapes(refused({ status: 422 }))).toEqual(["classic"]);
  expect(await shapes(refused({ status: 400, param: "reasoning.effort" }))).toEqual(["classic"]);
  const late = [delta("Half"), errorEvent("invalid_value", "No", "nested", { status: 400 })];
  expect(await shapes(stream(...late))).toEqual(["classic"]);
  expect(await shapes(refused({ status: 400, param: "tools[0].type" }))).toEqual(["classic", "lite"]);
});

test("a refusal that names a part of the shape itself does lead to Lite", async () => {
  const simulator = await simulate();
  const error = { message: "Not here.", param: "tools", code: "unsupported_value", type: "x" };
  simulator.next("responses", { kind: "json", status: 400, body: { error } });
  await queryRig({ simulator }).ask().reply;
  expect(sent(simulator)).toMatchObject([{ shape: "classic" }, { shape: "lite" }]);
});

test("refused in both shapes, the first refusal is told and nothing is remembered", async () => {
  const simulator = await simulate({ switches: { disallowedModels: ["gpt-6.1-sol"] } });
  const rig = queryRig({ simulator });
  expect((await failure(rig.ask().reply)).code).toBe("MODEL_UNAVAILABLE");
  simulator.switches.disallowedModels = [];
  await rig.ask().reply;
  expect(sent(simulator).map(({ shape }) => shape)).toEqual(["classic", "lite", "classic"]);
});

test("ultra is never sent raw", async () => {
  const simulator = await simulate();
  const { notices, effort } = await queryRig({ simulator }).ask({ reasoningEffort: "ultra" }).reply;
  const { json } = await simulator.waitForRequest("responses");
  expect((json as { reasoning: { effort: string } }).reasoning.effort).toBe("max");
  expect([effort, ...notices]).toEqual(["max", "Effort ultra was sent as max, the highest that the service takes."]);
});
