import { expect, test } from "vitest";
import { quotaBody } from "../simulator/index.ts";
import { writeLogin } from "../support/home.ts";
import { modeRig, writePreference, neverAborted } from "../support/modes.ts";
import { delta, failure, stream } from "../support/replies.ts";
import { renderNext } from "../../src/render/next-step.ts";

const keyRig = (options: Parameters<typeof modeRig>[0] = {}) =>
  modeRig({ ...options, env: { CODEX_AUTH: "api-key", ...options.env } });

test("a key asks the API for keys, with nothing of a ChatGPT login", async () => {
  const { simulator, home, key, parts } = await keyRig();
  const login = writeLogin(home, simulator);
  const reply = await parts.client.query({ prompt: "hi", temperature: 0.4, model: "gpt-4.1" });
  expect(reply).toMatchObject({ mode: "api-key", model: "gpt-4.1", quota: undefined, notices: [] });
  expect(reply.text).toBe("The simulator received: hi");
  expect(simulator.requests.map(({ route }) => route)).toEqual(["key-models", "key-responses"]);
  for (const { headers } of simulator.requests) {
    expect(headers["authorization"]).toBe(`Bearer ${key}`);
    expect(JSON.stringify(headers)).not.toContain(login.accountId);
    for (const name of ["chatgpt-account-id", "version", "originator", "openai-organization"]) {
      expect(headers).not.toHaveProperty(name);
    }
  }
  const body = simulator.requests.at(-1)?.json;
  expect(body).toMatchObject({ model: "gpt-4.1", temperature: 0.4, store: false, stream: true });
  expect(body).not.toHaveProperty("reasoning");
});

test("an effort goes along only where it was asked for", async () => {
  const { simulator, parts } = await keyRig();
  await parts.client.query({ prompt: "hi", reasoningEffort: "high" });
  const body = simulator.requests.at(-1)?.json;
  expect(body).toMatchObject({ model: "gpt-6-sol", reasoning: { effort: "high" } });
});

test("a model that refuses the temperature is asked once more without it, with a notice", async () => {
  const { simulator, parts } = await keyRig();
  const reply = await parts.client.query({ prompt: "hi", temperature: 0, model: "gpt-6-sol" });
  expect(reply.notices).toEqual(["temperature was not used: gpt-6-sol refuses it."]);
  const sent = simulator.requests.filter(({ route }) => route === "key-responses");
  expect(sent.map(({ json }) => Object.hasOwn(json as object, "temperature"))).toEqual([true, false]);
});

test("an answer that reaches maxOutputTokens is INCOMPLETE with the text so far", async () => {
  const { simulator, parts } = await keyRig();
  const asked = { prompt: "hi", model: "gpt-4.1", maxOutputTokens: 16 };
  expect((await parts.client.query(asked)).notices).toEqual([]);
  expect(simulator.requests.at(-1)?.json).toMatchObject({ max_output_tokens: 16 });
  const incomplete = {
    type: "response.incomplete",
    response: { id: "resp_1", incomplete_details: { reason: "max_output_tokens" } },
  };
  simulator.next("key-responses", stream(delta("Half"), incomplete));
  expect(await failure(parts.client.query(asked))).toMatchObject({
    code: "INCOMPLETE",
    details: { partialText: "Half" },
  });
});

test("another field that is refused is BAD_REQUEST, and asked once", async () => {
  const { simulator, parts } = await keyRig();
  const asked = parts.client.query({
    prompt: "hi",
    model: "gpt-4.1",
    reasoningEffort: "low",
    temperature: 1,
  });
  const error = await failure(asked);
  expect(error).toMatchObject({ code: "BAD_REQUEST", details: { field: "reasoning.effort" } });
  expect(simulator.requests.filter(({ route }) => route === "key-responses")).toHaveLength(1);
});

test("without a key the answer names the variable, and nothing is asked", async () => {
  const { simulator, parts } = await keyRig({ env: { OPENAI_API_KEY: "" } });
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error.code).toBe("AUTH_REQUIRED");
  expect(error.message).toContain("OPENAI_API_KEY is not set");
  expect(renderNext(error, "mcp")).toContain("Set OPENAI_API_KEY to your key and restart Claude Code");
  expect(simulator.requests).toEqual([]);
});

test.each(["sk-a\r\nx-evil: 1", "sk-a b", "sk-\u00e4"])("the key %j is CONFIG", async (key) => {
  const { simulator, parts } = await keyRig({ env: { OPENAI_API_KEY: key } });
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error.code).toBe("CONFIG");
  expect(`${error.message} ${error.details.why}`).not.toContain("sk-");
  expect(simulator.requests).toEqual([]);
});

test("a wrong key is AUTH_EXPIRED about the key, without a character of it, and nothing is refreshed", async () => {
  const { simulator, parts } = await keyRig({
    env: { OPENAI_API_KEY: "sk-proj-wrong-0123456789WXYZ" },
  });
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error.code).toBe("AUTH_EXPIRED");
  expect(error.message).toContain("does not accept the key in OPENAI_API_KEY");
  expect(renderNext(error, "mcp")).toContain("Set OPENAI_API_KEY to a valid key");
  expect(JSON.stringify([error.message, error.details, error.next])).not.toMatch(/WXYZ|sk-/);
  const asked = simulator.requests.map(({ route }) => route);
  expect(asked.filter((route) => route === "key-responses")).toHaveLength(1);
  expect(simulator.requests.filter(({ server }) => server === "auth")).toEqual([]);
});

test("a key without permission is told so", async () => {
  const { simulator, parts } = await keyRig();
  const message = "You have insufficient permissions. Missing scopes: api.responses.write.";
  simulator.next("key-responses", { kind: "json", status: 401, body: { error: { message } } });
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error.details.why).toBe("The key lacks the permission to write responses.");
});

test("a key that is forbidden is told about its permissions, not to wait", async () => {
  const { simulator, parts } = await keyRig();
  const refuse = async (message: string) => {
    simulator.next("key-responses", { kind: "json", status: 403, body: { error: { message } } });
    return failure(parts.client.query({ prompt: "hi" }));
  };
  const restricted = await refuse("Missing scopes: api.responses.write.");
  expect(restricted).toMatchObject({
    code: "PLAN_REQUIRED",
    details: { why: "The key lacks the permission to write responses." },
  });
  expect(renderNext(restricted, "mcp")).toMatch(
    /^Tell the user; .*They can give the key the write permission .* platform\.openai\.com/,
  );
  const elsewhere = await refuse("Country, region, or territory not supported.");
  expect(elsewhere).toMatchObject({
    code: "UPSTREAM",
    details: { why: expect.stringContaining("territory") as string },
  });
  expect(renderNext(elsewhere, "mcp")).toMatch(/permission/);
});

test("used-up credit is USAGE_LIMIT in words of billing", async () => {
  const { simulator, parts } = await keyRig();
  simulator.next("key-responses", { kind: "json", status: 429, body: quotaBody() });
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error.code).toBe("USAGE_LIMIT");
  expect(error.message).toContain("behind the API key");
  expect(renderNext(error, "mcp")).toContain("They can check billing");
});

test("where CODEX_AUTH decides for the key, the other way begins with unsetting it", async () => {
  const decided = await keyRig();
  decided.simulator.always("key-responses", { kind: "json", status: 401, body: {} });
  const refused = await failure(decided.parts.client.query({ prompt: "hi" }));
  expect(refused.code).toBe("AUTH_EXPIRED");
  expect(renderNext(refused, "mcp")).toContain("unset CODEX_AUTH");
  const keyless = decided.another({ env: { CODEX_AUTH: "api-key", OPENAI_API_KEY: "" } });
  const missing = await failure(keyless.credentials.get(neverAborted));
  expect(missing.code).toBe("AUTH_REQUIRED");
  expect(renderNext(missing, "mcp")).toContain("unset CODEX_AUTH");
  const chosen = await modeRig();
  writePreference(chosen.home, "api-key");
  chosen.simulator.always("key-responses", { kind: "json", status: 401, body: {} });
  const other = await failure(chosen.parts.client.query({ prompt: "hi" }));
  expect(renderNext(other, "mcp")).toContain('codex_login with method "browser"');
  expect(renderNext(other, "mcp")).not.toContain("CODEX_AUTH");
});

test("a list without any default model is MODEL_UNAVAILABLE, and names what there is", async () => {
  const { simulator, parts } = await keyRig();
  simulator.switches.keyModels = ["gpt-99", "whisper-1"];
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error.code).toBe("MODEL_UNAVAILABLE");
  expect(error.details.why).toContain("gpt-99");
  expect((await parts.client.query({ prompt: "hi", model: "gpt-99" })).model).toBe("gpt-99");
});

test("a list that cannot be had does not keep a question from being asked", async () => {
  const { simulator, parts } = await keyRig();
  simulator.always("key-models", { kind: "json", status: 500, body: {} });
  simulator.switches.keyModels = ["gpt-6.1-sol"];
  expect((await parts.client.query({ prompt: "hi" })).model).toBe("gpt-6.1-sol");
});

test("the list of a key is kept apart from that of a login, and read back in its own form", async () => {
  const { simulator, home, parts, another } = await keyRig();
  writeLogin(home, simulator);
  const byKey = await parts.credentials.get(neverAborted);
  expect((await parts.catalog.refresh(byKey, neverAborted)).list.models.map(({ slug }) => slug)).toContain("gpt-4.1");
  const second = another();
  expect((await second.catalog.cached(byKey))?.models.map(({ slug }) => slug)).toContain("gpt-4.1");
  const login = another({ env: { CODEX_AUTH: "chatgpt" } });
  expect(await login.catalog.cached(await login.credentials.get(neverAborted))).toBeUndefined();
});

test("switched-off certificate checks keep a key from another machine", async () => {
  const { parts } = await keyRig({
    env: { NODE_TLS_REJECT_UNAUTHORIZED: "0", CODEX_API_BASE_URL: "" },
  });
  const error = await failure(parts.credentials.get(neverAborted));
  expect(error).toMatchObject({ code: "CONFIG" });
  expect(error.message).toContain("NODE_TLS_REJECT_UNAUTHORIZED");
});
