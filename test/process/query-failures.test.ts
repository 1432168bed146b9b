import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  answerEvents,
  contextTooLongBody,
  errorEvent,
  failedEvent,
  incompleteEvent,
  overloadedBody,
  policyBody,
  rateLimitBody,
  usageLimitBody,
  usageNotIncludedBody,
  type Reply,
} from "../simulator/index.ts";
import { listenOnly } from "../support/evil.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { completed, created, delta, json, stream } from "../support/replies.ts";
import { simulate, startServer } from "../support/server.ts";
import { tlsRelay } from "../support/tls-relay.ts";

const partial = /Partial answer, it breaks off:\n\nHalf of it$/;

test("every failure has its code, its reason and a next step, and the next question works", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const env = { TZ: "Asia/Tokyo", CODEX_IDLE_TIMEOUT_MS: "300" };
  const limits = { maxRetries: 0 };
  const { call } = await startServer({ simulator, home, env, limits });
  const resetsAt = Math.floor(Date.UTC(2031, 0, 2, 3, 4) / 1000);
  const cases: [Reply, RegExp][] = [
    [json(429, usageLimitBody({ resetsAt })), /^USAGE_LIMIT: .*resets at Thu 2 Jan 12:04 \(in .*codex_status/s],
    [json(429, usageNotIncludedBody()), /^PLAN_REQUIRED: /],
    [json(429, rateLimitBody(""), { "retry-after": "90" }), /^RATE_LIMITED: .*wait 2 min/s],
    [json(503, overloadedBody()), /^OVERLOADED: /],
    [json(400, policyBody()), /^POLICY: /],
    [json(400, contextTooLongBody()), /^CONTEXT_TOO_LONG: /],
    [json(404, { detail: "Model not found gpt-5.5" }), /^MODEL_UNAVAILABLE: .*codex_models/s],
    [json(500, {}), /^UPSTREAM: .*HTTP 500/],
    [{ kind: "html" }, /^BLOCKED: .*VPN/s],
    [{ kind: "html", status: 200 }, /^BLOCKED: /],
    [json(200, {}), /^PROTOCOL: /],
    [stream({ type: "response.output_item.done" }), /^PROTOCOL: .*output_item\.done/s],
    [stream(created, completed()), /^EMPTY_RESPONSE: /],
    [stream(created), /^INCOMPLETE: /],
    [{ kind: "reset" }, /^NETWORK: /],
    [{ kind: "hang" }, /^TIMEOUT: .*silent/],
    [stream(delta("Half of it")), /^INCOMPLETE: /],
    [{ kind: "stream", events: [delta("Half of it")], end: "reset" }, /^INCOMPLETE: /],
    [{ kind: "stream", events: [delta("Half of it")], end: "stall" }, /^TIMEOUT: /],
    [stream(delta("Half of it"), failedEvent("server_error", "Oops")), /^UPSTREAM: /],
    [stream(delta("Half of it"), errorEvent("cyber_policy", "No", "nested")), /^POLICY: /],
    [stream(delta("Half of it"), incompleteEvent("max_output_tokens")), /^INCOMPLETE: /],
  ];
  for (const [reply, expected] of cases) {
    // A refused model is asked for once more by its successor, and that one in the Lite shape, too.
    const times = expected.source.includes("MODEL_UNAVAILABLE") ? 3 : 1;
    simulator.next("responses", ...Array<Reply>(times).fill(reply));
    const answer = await call("codex_query", { prompt: "hi", model: "gpt-5.5" });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(expected);
    expect(answer.text).toMatch(/\nNext: \S/);
    expect(answer.text).not.toMatch(/<\/?\w+>|Just a moment/);
    expect(answer.code).toBe(/^[A-Z_]+/.exec(answer.text)?.[0]);
    if (JSON.stringify(reply).includes("Half of it")) expect(answer.text).toMatch(partial);
  }
  expect((await call("codex_query", { prompt: "still here" })).text).toContain("still here");
  expect(simulator.stats.refreshes).toBe(0);
});

test("a further attempt is told while it is waited for", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const limits = { retryBaseDelayMs: 1, progressMinIntervalMs: 0 };
  const { call } = await startServer({ simulator, home, limits });
  simulator.next("responses", json(503, overloadedBody()), { kind: "reset" });
  const told: string[] = [];
  const answer = await call(
    "codex_query",
    { prompt: "hi" },
    {
      onprogress: ({ message }) => told.push(message ?? ""),
    },
  );
  expect(answer.text).toContain("received: hi");
  expect(told.join("\n")).toMatch(
    /trying again in 1 s \(attempt 2\): The model is at capacity\.\n[^]*trying again in 1 s \(attempt 3\): The connection to /,
  );
});

test("a redirect takes no byte to another place", async () => {
  const simulator = await simulate();
  const evil = await listenOnly();
  const home = makeHome();
  writeLogin(home, simulator);
  const { call } = await startServer({ simulator, home, entry: "shipped" });
  for (const status of [301, 302, 303, 307, 308]) {
    const reply: Reply = { kind: "redirect", status, location: `${evil.origin}/responses` };
    simulator.next("models", reply);
    simulator.next("responses", reply);
    const answer = await call("codex_query", { prompt: "hi" });
    expect(answer.text).toMatch(new RegExp(`^UPSTREAM: .*redirect \\(HTTP ${status}\\)`));
  }
  expect([evil.connections, evil.bytes]).toEqual([0, ""]);
});

test("a certificate that nobody vouches for is refused, NODE_EXTRA_CA_CERTS vouches", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const relay = await tlsRelay(new URL(simulator.baseUrl).origin, home);
  writeLogin(home, simulator, { extraFields: { apiOrigin: relay.origin } });
  const base = { CODEX_BASE_URL: `${relay.origin}/backend-api` };
  const strict = await startServer({ simulator, home, env: base });
  const refused = await strict.call("codex_query", { prompt: "hi" });
  expect(refused.text).toMatch(/^NETWORK: .*CERT.*NODE_EXTRA_CA_CERTS/s);
  expect(simulator.requests).toEqual([]);

  const env = { ...base, NODE_EXTRA_CA_CERTS: relay.caFile };
  const trusting = await startServer({ simulator, home, env, entry: "shipped" });
  expect((await trusting.call("codex_query", { prompt: "hi" })).text).toContain("received: hi");
});

test("streams without end are cut at their bounds, whatever they are made of", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { call, transport } = await startServer({ simulator, home });
  const forever = (chunk: string): Reply => ({
    kind: "raw",
    headers: { "content-type": "text/event-stream" },
    body: repeat(Buffer.from(chunk)),
  });
  const event = `data: ${JSON.stringify(delta("x".repeat(1000)))}\n\n`;
  const cases: [Reply, RegExp][] = [
    [forever("x".repeat(65_536)), /^PROTOCOL: .*event that is far too large/],
    [forever(`data: ${"x".repeat(65_536)}\n`), /^PROTOCOL: .*event that is far too large/],
    [forever(event.repeat(60)), /^PROTOCOL: The answer is too large/],
    [{ ...forever("x".repeat(65_536)), status: 400 } as Reply, /^BAD_REQUEST: /],
  ];
  for (const [reply, expected] of cases) {
    simulator.next("responses", reply);
    const answer = await call("codex_query", { prompt: "hi", model: "gpt-5.5" });
    expect(answer.text).toMatch(expected);
    const requests = simulator.requests.filter(({ route }) => route === "responses");
    await requests.at(-1)?.done;
    expect(requests.at(-1)?.closedBy).toBe("client");
  }
  expect(peakMegabytes(transport.child.pid)).toBeLessThan(300);
  simulator.next("responses", { kind: "stream", events: answerEvents({ text: "fine" }) });
  expect((await call("codex_query", { prompt: "hi" })).text).toMatch(/^fine/);
});

async function* repeat(chunk: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (;;) yield await Promise.resolve(chunk);
}

/** The most memory that a process ever held, where the system tells. */
function peakMegabytes(pid: number | undefined): number {
  const path = `/proc/${pid ?? 0}/status`;
  if (!existsSync(path)) return 0;
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(path, "utf8"))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}
