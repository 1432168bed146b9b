import { connect } from "node:net";

import { expect, test } from "vitest";

import { answerEvents, errorEvent, incompleteEvent, rateLimitsEvent, startSimulator } from "./index.ts";
import { ask, postForm } from "./test-client.ts";

test("requests are written down whole and in order", async () => {
  await using sim = await startSimulator({ now: () => 42 });
  await (await ask(sim)).text();
  await postForm(sim, { grant_type: "refresh_token" });
  const [first, second] = sim.requests;
  expect(first).toMatchObject({ n: 1, at: 42, server: "api", route: "responses", method: "POST" });
  expect(first?.path).toBe("/backend-api/codex/responses");
  expect(first?.headers["originator"]).toBe("simulator_test");
  expect(first?.rawHeaders).toContain("Bearer " + String(first?.headers["authorization"]).slice(7));
  expect(first?.json).toMatchObject({ store: false });
  expect(second).toMatchObject({ n: 2, server: "auth", route: "token:refresh" });
  expect(second?.form?.get("grant_type")).toBe("refresh_token");
  await first?.done;
  expect(first).toMatchObject({ closedBy: "server", closedAt: 42 });
});

test("waitForRequest resolves for the count-th request of a route, early or late", async () => {
  await using sim = await startSimulator();
  const second = sim.waitForRequest("responses", 2);
  await ask(sim);
  await ask(sim);
  expect((await second).n).toBe(2);
  expect((await sim.waitForRequest("responses")).n).toBe(1);
});

test("the account and the switches of the options hold, and can change later", async () => {
  await using sim = await startSimulator({
    account: { plan: "pro", email: "other@example.test" },
    switches: { instructionsRequired: false },
  });
  expect(sim.issueTokens()).toMatchObject({ plan: "pro", email: "other@example.test" });
  expect((await ask(sim, { body: { instructions: undefined } })).status).toBe(200);
  sim.account = { ...sim.account, accountId: "another" };
  expect(sim.issueTokens().accountId).toBe("another");
});

test("two simulators share nothing", async () => {
  await using one = await startSimulator();
  await using other = await startSimulator();
  expect((await ask(other, { tokens: one.issueTokens() })).status).toBe(401);
  expect(one.requests).toEqual([]);
});

test("200 connections are answered, and open answers are counted", async () => {
  await using sim = await startSimulator();
  const tokens = sim.issueTokens();
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  sim.always("responses", { kind: "stream", events: [gate, ...answerEvents({ text: "same" })] });
  const answers = Array.from({ length: 200 }, () => ask(sim, { tokens }));
  await sim.waitForRequest("responses", 200);
  expect(sim.stats).toMatchObject({ openResponses: 200, maxOpenResponses: 200 });
  open();
  const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));
  expect(new Set(texts).size).toBe(1);
});

test("20,000 deltas arrive whole", async () => {
  await using sim = await startSimulator();
  const deltas = Array.from({ length: 20_000 }, (_, index) => `${String(index)} `);
  const text = deltas.join("");
  sim.next("responses", { kind: "stream", events: answerEvents({ text, deltas }) });
  const stream = await (await ask(sim)).text();
  expect(stream.match(/^event: response\.output_text\.delta$/gm)).toHaveLength(20_000);
});

test("clients that vanish in the middle of a request or an answer do no harm", async () => {
  await using sim = await startSimulator();
  const port = Number(new URL(sim.baseUrl).port);
  for (const start of [
    "",
    "POST /backend-api/codex/resp",
    "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc",
  ]) {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    await new Promise((resolve) => socket.write(start, resolve));
    socket.resetAndDestroy();
  }
  const big = "x".repeat(10_000_000);
  sim.next("responses", { kind: "stream", events: answerEvents({ text: big, deltas: 100 }) });
  const abort = new AbortController();
  const answer = await ask(sim, { signal: abort.signal });
  abort.abort();
  await expect(answer.text()).rejects.toThrow();
  const request = await sim.waitForRequest("responses");
  await request.done;
  expect(request.closedBy).toBe("client");
  expect((await ask(sim)).status).toBe(200);
});

test("close ends hanging requests and frees both ports", async () => {
  const sim = await startSimulator();
  sim.next("responses", { kind: "hang" });
  const hanging = ask(sim).catch((error: unknown) => error);
  const request = await sim.waitForRequest("responses");
  await sim.close();
  expect(await hanging).toBeInstanceOf(Error);
  await request.done;
  expect(request.closedBy).toBe("server");
  await expect(fetch(sim.issuer)).rejects.toThrow();
});

test("an answer can be a refusal, full in its output, and cut as told", () => {
  const refused = JSON.stringify(answerEvents({ text: "", refusal: "I can't help with that." }));
  expect(refused).toContain('"type":"refusal","refusal":"I can\'t help with that."');
  const full = answerEvents({
    text: "ab",
    deltas: ["a", "b"],
    output: "full",
    reasoning: ["**Thinking**"],
  });
  expect(full.at(-1)).toMatchObject({
    response: { output: [{ type: "reasoning" }, { type: "message" }] },
  });
  expect(full.filter((event) => JSON.stringify(event).includes("output_text.delta"))).toHaveLength(2);
});

test("the other events have the shapes of the wire", () => {
  expect(errorEvent("slow_down", "x")).toMatchObject({ type: "error", code: "slow_down" });
  expect(errorEvent("cyber_policy", "x", "nested")).toMatchObject({
    error: { code: "cyber_policy" },
  });
  expect(incompleteEvent("max_output_tokens")).toMatchObject({
    response: { incomplete_details: { reason: "max_output_tokens" } },
  });
  expect(rateLimitsEvent({ primary: null })).toMatchObject({ rate_limits: { primary: null } });
});
