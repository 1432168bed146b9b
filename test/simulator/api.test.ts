import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { startSimulator, weeklyOnlyRateLimitHeaders, type IssuedTokens, type Simulator } from "./index.ts";
import { apiHeaders, ask, type Changes } from "./test-client.ts";

let sim: Simulator;
let tokens: IssuedTokens;
beforeAll(async () => {
  sim = await startSimulator();
  tokens = sim.issueTokens();
});
afterEach(() => {
  sim.reset();
});
afterAll(() => sim.close());

function get(path: string, changes: Changes = {}): Promise<Response> {
  return fetch(`${sim.baseUrl}${path}`, { headers: apiHeaders(tokens, changes) });
}

async function slugs(version: string): Promise<string[]> {
  const body = (await (await get(`/codex/models?client_version=${version}`)).json()) as {
    models: { slug: string }[];
  };
  return body.models.map((model) => model.slug);
}

test.each<[string, Changes]>([
  ["a browser's User-Agent", { "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" }],
  ["no originator", { originator: undefined }],
])("challenges a client with %s", async (_, headers) => {
  const response = await ask(sim, { tokens, headers });
  expect(response.status).toBe(403);
  expect(response.headers.get("cf-mitigated")).toBe("challenge");
  expect(response.headers.get("content-type")).toContain("text/html");
  expect(await response.text()).toContain("Just a moment...");
});

test("challenges a client with an empty User-Agent", async () => {
  expect((await ask(sim, { tokens, headers: { "user-agent": "" } })).status).toBe(403);
});

test.each<[string, Changes, number, string]>([
  ["no token", { authorization: undefined }, 401, "Unauthorized"],
  ["an unknown token", { authorization: "Bearer eyJ.unknown.token" }, 401, "token_invalidated"],
  ["no account id", { "chatgpt-account-id": undefined }, 401, "Unauthorized"],
  ["the id of another account", { "chatgpt-account-id": "org-simulated" }, 403, "Forbidden"],
])("refuses a request with %s", async (_, headers, status, words) => {
  const response = await ask(sim, { tokens, headers });
  expect(response.status).toBe(status);
  expect(await response.text()).toContain(words);
});

test("the status of a missing account id is a switch", async () => {
  sim.switches.missingAccountIdStatus = 400;
  const response = await ask(sim, { tokens, headers: { "chatgpt-account-id": undefined } });
  sim.switches.missingAccountIdStatus = 401;
  expect(response.status).toBe(400);
});

test("the model list needs a version and is filtered by it", async () => {
  expect((await get("/codex/models")).status).toBe(400);
  expect((await get("/codex/models?client_version=latest")).status).toBe(400);
  expect(await slugs("0.0.0")).toHaveLength(12);
  expect(await slugs("0.169.0")).toHaveLength(12);
  expect(await slugs("0.152.0")).not.toContain("gpt-6-astra");
  expect(await slugs("0.128.0")).toEqual(["gpt-5.5", "codex-auto-review"]);
  expect(await slugs("0.9.7")).toEqual([]);
});

test("the model list has an ETag and entries with their minimal version", async () => {
  const response = await get("/codex/models?client_version=0.169.0");
  expect(response.headers.get("etag")).toBe(sim.switches.modelsEtag);
  const { models } = (await response.json()) as { models: Record<string, unknown>[] };
  expect(models[0]).toMatchObject({
    slug: "gpt-6.1-sol",
    priority: 1,
    use_responses_lite: true,
    minimal_client_version: "0.153.0",
    multi_agent_reasoning_effort: "xhigh",
  });
});

test("a model of other plans is neither listed nor answered", async () => {
  const models = sim.switches.models;
  sim.switches.models = models.map((model) => ({ ...model, available_in_plans: ["pro"] }));
  expect(await slugs("0.169.0")).toEqual([]);
  expect((await ask(sim, { tokens })).status).toBe(400);
  sim.switches.models = models;
});

test("accounts/check and usage answer without an originator", async () => {
  const withoutOriginator = { originator: undefined };
  const check = await get("/wham/accounts/check", withoutOriginator);
  expect(await check.json()).toMatchObject({
    accounts: [{ id: tokens.accountId, workspace_backend_origin: "NO_CONSTRAINT" }],
  });
  const usage = await get("/wham/usage", withoutOriginator);
  expect(await usage.json()).toMatchObject({
    plan_type: "plus",
    rate_limit: {
      primary_window: { used_percent: 12, limit_window_seconds: 18_000 },
      secondary_window: { used_percent: 34, limit_window_seconds: 604_800 },
    },
  });
});

test("windows may stand in any position, in headers and in the usage", async () => {
  sim.switches.rateLimitHeaders = weeklyOnlyRateLimitHeaders(Date.now(), "pro");
  const answer = await ask(sim, { tokens });
  expect(answer.headers.get("x-codex-primary-window-minutes")).toBe("10080");
  expect(answer.headers.get("x-codex-secondary-reset-at")).toBe("");
  expect(await (await get("/wham/usage")).json()).toMatchObject({
    rate_limit: { primary_window: { limit_window_seconds: 604_800 }, secondary_window: null },
  });
});

test("the default answer is a whole stream that quotes the question", async () => {
  const input = [{ role: "user", content: [{ type: "input_text", text: "What is a mutex?" }] }];
  const body = { input, reasoning: { effort: "high", summary: "auto" } };
  const response = await ask(sim, { tokens, body });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(response.headers.get("openai-model")).toBe("gpt-5.5");
  expect(response.headers.get("x-models-etag")).toBe(sim.switches.modelsEtag);
  const stream = await response.text();
  expect(stream).toContain("\n: keepalive\n\n");
  expect(stream).toContain('data: {"type":"keepalive"}');
  expect(stream).toContain("**Checking the lock order**");
  expect(stream).toContain("The simulator received: What is a mutex?");
  expect(stream.match(/^event: response\.output_text\.delta$/gm)?.length).toBeGreaterThan(3);
  const last = stream.trimEnd().split("\n").at(-1) ?? "";
  expect(JSON.parse(last.slice("data: ".length))).toMatchObject({
    type: "response.completed",
    response: {
      status: "completed",
      output: [],
      usage: { total_tokens: expect.any(Number) as number },
    },
  });
});

test("a question on PKCE gets a true sentence", async () => {
  const input = [{ role: "user", content: "Explain PKCE in one sentence" }];
  expect(await (await ask(sim, { tokens, body: { input } })).text()).toContain("authorization code");
});

test("both origins answer a health check and know nothing else", async () => {
  const api = new URL(sim.baseUrl).origin;
  for (const origin of [sim.issuer, api]) {
    expect((await fetch(origin, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${origin}/nothing/here`)).status).toBe(404);
  }
  expect(sim.requests.map((request) => request.route)).toEqual(["health", undefined, "health", undefined]);
});
