import { expect, test } from "vitest";
import {
  answerEvents,
  contextTooLongBody,
  deactivatedWorkspaceBody,
  errorEvent,
  failedEvent,
  incompleteEvent,
  policyBody,
  quotaBody,
  usageLimitBody,
  usageNotIncludedBody,
  type Reply,
} from "../simulator/index.ts";
import { listenOnly } from "../support/evil.ts";
import { queryRig } from "../support/query-rig.ts";
import { completed, created, delta, failure, json, reasoning, stream } from "../support/replies.ts";
import { simulate } from "../support/server.ts";
import { encode } from "../support/stream.ts";
import { renderNext } from "../../src/render/next-step.ts";
import { retry } from "../../src/shared/next-step.ts";

async function failWith(reply: Reply) {
  const simulator = await simulate();
  simulator.next("responses", reply);
  const rig = queryRig({ simulator, limits: { maxRetries: 0 } });
  const error = await failure(rig.ask({ model: "gpt-5.5" }).reply);
  return { simulator, rig, error };
}

test.each<[string, Reply, string]>([
  ["a used-up plan", json(429, usageLimitBody()), "USAGE_LIMIT"],
  ["used-up credits", json(429, quotaBody("credit_balance_exhausted")), "USAGE_LIMIT"],
  ["a plan without Codex", json(429, usageNotIncludedBody()), "PLAN_REQUIRED"],
  ["a dead workspace", json(402, deactivatedWorkspaceBody()), "PLAN_REQUIRED"],
  ["a policy", json(400, policyBody()), "POLICY"],
  ["too long a prompt", json(400, contextTooLongBody()), "CONTEXT_TOO_LONG"],
  ["too large a body", json(413, { detail: "Request Entity Too Large" }), "CONTEXT_TOO_LONG"],
  ["a used-up plan in the stream", stream(failedEvent("usage_limit_reached", "")), "USAGE_LIMIT"],
  ["a policy event", stream(errorEvent("cyber_policy", "Flagged", "nested")), "POLICY"],
  ["a context event", stream(errorEvent("context_length_exceeded", "Long")), "CONTEXT_TOO_LONG"],
  ["the content filter", stream(incompleteEvent("content_filter")), "POLICY"],
  ["a length limit", stream(incompleteEvent("max_output_tokens")), "INCOMPLETE"],
  ["an empty body", stream(), "INCOMPLETE"],
  ["no text", stream(created, reasoning("**x**"), completed()), "EMPTY_RESPONSE"],
  ["blank text", stream(delta(" \n"), completed()), "EMPTY_RESPONSE"],
])("%s has its own code", async (_, reply, code) => {
  const { error } = await failWith(reply);
  expect(error.code).toBe(code);
});

test.each<[string, Reply, string]>([
  ["an early end", stream(created, delta("Half of "), delta("it")), "INCOMPLETE"],
  ["a dropped connection", { kind: "stream", events: [delta("Half of it")], end: "drop" }, "INCOMPLETE"],
  ["a reset", { kind: "stream", events: [delta("Half of it")], end: "reset" }, "INCOMPLETE"],
  ["a failure", stream(delta("Half of it"), failedEvent("server_error", "Oops")), "UPSTREAM"],
  ["a policy stop", stream(delta("Half of it"), errorEvent("bio_policy", "No")), "POLICY"],
  ["a length limit", stream(delta("Half of it"), incompleteEvent("max_output_tokens")), "INCOMPLETE"],
  ["a wrong shape", stream(delta("Half of it"), { type: "response.output_item.done" }), "PROTOCOL"],
])("what had come before %s is kept", async (_, reply, code) => {
  const { error } = await failWith(reply);
  expect(error).toMatchObject({ code, details: { partialText: "Half of it" } });
});

test("a cut at any event is INCOMPLETE, never an answer", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator, limits: { maxRetries: 0 } });
  const events = answerEvents({ text: "A whole answer.", deltas: 3, reasoning: ["**x**"] });
  for (let count = 0; count < events.length; count++) {
    simulator.next("responses", stream(...events.slice(0, count)));
    expect((await failure(rig.ask().reply)).code, `after ${count} events`).toBe("INCOMPLETE");
  }
});

test("a usage limit tells its reset, from the body or else from the headers", async () => {
  const body = usageLimitBody({ resetsAt: 1_795_203_728 });
  expect((await failWith(json(429, body))).error.details.resetsAt).toBe(1_795_203_728_000);
  const { error } = await failWith(
    json(429, quotaBody(), {
      "x-codex-primary-used-percent": "40",
      "x-codex-primary-window-minutes": "300",
      "x-codex-primary-reset-at": "1795100000",
      "x-codex-secondary-used-percent": "100",
      "x-codex-secondary-window-minutes": "10080",
      "x-codex-secondary-reset-at": "1795299999",
    }),
  );
  expect(error.details.resetsAt).toBe(1_795_299_999_000);
});

test.each([
  ["in a body", (resetsAt: number) => json(429, usageLimitBody({ resetsAt }))],
  [
    "in the headers",
    (resetsAt: number) =>
      json(429, quotaBody(), {
        "x-codex-primary-used-percent": "100",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": String(resetsAt),
      }),
  ],
])("a reset in the past, told %s, is nothing to wait for", async (_, reply) => {
  const seconds = Math.floor(Date.now() / 1000);
  const past = await failWith(reply(seconds - 1_000));
  expect(past.error).toMatchObject({
    code: "USAGE_LIMIT",
    next: [retry],
    details: { resetsAt: (seconds - 1_000) * 1000 },
  });
  expect((await failWith(reply(seconds + 100_000))).error.next).toContainEqual({
    do: "wait",
    for: "reset",
  });
});

test("Cloudflare's page is BLOCKED, whatever its status, and is never quoted", async () => {
  for (const [status, expected] of [
    [403, "BLOCKED"],
    [503, "BLOCKED"],
    [200, "BLOCKED"],
  ] as const) {
    const { error, rig } = await failWith({ kind: "html", status });
    expect(error.code).toBe(expected);
    expect(JSON.stringify([error.message, error.details])).not.toMatch(/<|moment|JavaScript/i);
    expect(rig.renewals).toBe(0);
  }
});

test("a network's sign-in page of any size is BLOCKED", async () => {
  const body = `<p>${"Welcome ".repeat(20_000)}`;
  expect((await failWith({ kind: "html", status: 200, headers: {}, body })).error.code).toBe("BLOCKED");
});

test("a network's sign-in page is BLOCKED, named as such, and the login is not touched", async () => {
  const { error, rig } = await failWith({
    kind: "html",
    status: 200,
    headers: {},
    body: "<p>Welcome to the hotel</p>",
  });
  expect(error).toMatchObject({
    code: "BLOCKED",
    message:
      "A web page came in place of an answer of the service: this network may want a sign-in of its own (captive portal).",
  });
  expect(renderNext(error, "cli")).toMatch(/^Open any web page in a browser and complete the network's sign-in/);
  expect(rig.renewals).toBe(0);
});

test("200 with JSON is no answer", async () => {
  const { error } = await failWith(json(200, { output: [{ text: "forged" }] }));
  expect(error.code).toBe("PROTOCOL");
});

test("a compressed stream is refused unread", async () => {
  const { error } = await failWith({
    kind: "stream",
    headers: { "content-encoding": "gzip" },
    events: answerEvents({ text: "forged" }),
  });
  expect(error.code).toBe("PROTOCOL");
});

test.each([301, 302, 303, 307, 308])("a redirect with %i carries nothing elsewhere", async (status) => {
  const evil = await listenOnly();
  const simulator = await simulate();
  const redirect: Reply = {
    kind: "redirect",
    status,
    location: `${evil.origin}/codex/responses`,
  };
  simulator.next("responses", redirect);
  simulator.next("models", redirect);
  const error = await failure(queryRig({ simulator }).ask().reply);
  expect(error).toMatchObject({
    code: "UPSTREAM",
    message: expect.stringContaining(`HTTP ${status}`) as unknown,
  });
  expect([evil.connections, evil.bytes]).toEqual([0, ""]);
});

test("an error body without end costs neither memory nor its status", async () => {
  const { error } = await failWith({
    kind: "raw",
    status: 429,
    headers: { "content-type": "application/json" },
    body: "x".repeat(1_000_000),
  });
  expect(error.code).toBe("RATE_LIMITED");
});

test("the service's request id is part of a failure", async () => {
  const headers = { "x-request-id": "req_42" };
  const { error } = await failWith(json(500, {}, headers));
  expect(error.details.requestId).toBe("req_42");
  const cut = await failWith({ kind: "stream", events: [created], headers });
  expect(cut.error.details.requestId).toBe("req_42");
});

test("a stream without a content type is read as one", async () => {
  const simulator = await simulate();
  const body = encode(answerEvents({ text: "untyped" }));
  simulator.next("responses", { kind: "raw", body });
  expect((await queryRig({ simulator }).ask().reply).text).toBe("untyped");
});

test("a challenge without a content type is still one", async () => {
  const headers = { "cf-mitigated": "challenge" };
  const { error } = await failWith({ kind: "raw", headers, body: "<p>Just a moment" });
  expect(error.code).toBe("BLOCKED");
});

test("Cloudflare's refusal without a content type is BLOCKED", async () => {
  const { error } = await failWith({
    kind: "raw",
    status: 403,
    headers: { "cf-ray": "9c0ffee5133700aa-FRA", server: "cloudflare" },
    body: "Access blocked by Cloudflare",
  });
  expect(error).toMatchObject({ code: "BLOCKED", details: { why: undefined, status: 403 } });
  expect(error.message).toMatch(/^Cloudflare blocked/);
});
