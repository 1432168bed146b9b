import { readdirSync, readFileSync, statSync } from "node:fs";
import { platform, release } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { answerEvents, type Reply, type Simulator } from "../simulator/index.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { completed, messageDone } from "../support/replies.ts";
import { simulate, startServer, type ServerOptions } from "../support/server.ts";

/** A server that is signed in. */
async function signedIn(simulator: Simulator, options: Partial<ServerOptions> = {}) {
  const home = makeHome();
  const login = writeLogin(home, simulator);
  return { home, login, ...(await startServer({ simulator, home, ...options })) };
}

test("a question as the service sees it, and its answer as a person sees it", async () => {
  const simulator = await simulate();
  const { call, login } = await signedIn(simulator, { entry: "shipped" });
  const answer = await call("codex_query", {
    prompt: "hello",
    system_prompt: "Be brief.",
    reasoning_effort: "ultra",
    verbosity: "high",
    temperature: 0.5,
  });
  const { headers, json } = await simulator.waitForRequest("responses");
  expect(headers).toMatchObject({
    authorization: `Bearer ${login.accessToken}`,
    "chatgpt-account-id": login.accountId,
    originator: "codex-oauth",
    version: "0.169.0",
    accept: "text/event-stream",
  });
  expect(headers["user-agent"]).toMatch(/^codex-oauth\/\d+\.\d+\.\d+ \([^()]+\)$/);
  expect(headers["user-agent"]).toContain(`${platform()} ${release()}`);
  const sessionId = headers["session-id"];
  expect(sessionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(json).toEqual({
    model: "gpt-6.1-sol",
    instructions: "Be brief.",
    input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "hello" }] }],
    tools: [],
    tool_choice: "auto",
    parallel_tool_calls: false,
    reasoning: { effort: "max", summary: "auto" },
    text: { verbosity: "high" },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: sessionId,
  });
  expect(answer.text).toMatch(
    new RegExp(
      String.raw`^The simulator received: hello\n\n— from 127\.0\.0\.1:\d+, not from OpenAI · gpt-6\.1-sol · effort max · \d+ tokens in, \d+ out · ` +
        String.raw`\d+\.\d s · 5 h: 88 % left, resets .+; week: 66 % left, resets .+ · ` +
        String.raw`Effort ultra was sent as max, .+\. · temperature was not sent: .+\.$`,
    ),
  );
  expect(answer.raw.structuredContent).toBeUndefined();
  expect(answer.facts).toMatchObject({ model: "gpt-6.1-sol", effort: "max", refused: false });
  expect(answer.facts).not.toHaveProperty("text");
});

test("a model that wants the Lite shape gets it, at once from the second question on", async () => {
  const simulator = await simulate({ switches: { requireLite: true, requireLiteStatus: 404 } });
  const { call } = await signedIn(simulator);
  for (const prompt of ["one", "two"]) {
    expect((await call("codex_query", { prompt })).text).toContain(`received: ${prompt}`);
  }
  const requests = simulator.requests.filter(({ route }) => route === "responses");
  const lite = requests.map(({ headers }) => headers["x-openai-internal-codex-responses-lite"]);
  expect(lite).toEqual([undefined, "true", "true"]);
  expect(requests[1]?.json).toMatchObject({
    input: [{ role: "developer" }, { role: "user" }],
    parallel_tool_calls: false,
    reasoning: { effort: "low", context: "all_turns" },
  });
  expect(requests[1]?.json).not.toHaveProperty("instructions");
  expect(requests[1]?.json).not.toHaveProperty("tools");
});

test("a login that the service refuses is refreshed once, and then asked for again", async () => {
  const simulator = await simulate();
  const { call, login, home } = await signedIn(simulator);
  await call("codex_models");
  simulator.revokeAccess(login.accessToken);
  expect((await call("codex_query", { prompt: "hi" })).text).toContain("received: hi");
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  const renewed = home.record()?.["accessToken"] as string;
  expect(renewed).not.toBe(login.accessToken);

  simulator.always("responses", { kind: "json", status: 401, body: { detail: "Unauthorized" } });
  const before = simulator.requests.filter(({ route }) => route === "responses").length;
  const refused = await call("codex_query", { prompt: "hi" });
  expect(refused.text).toMatch(/^AUTH_EXPIRED: .+\nNext: Call codex_login/s);
  const after = simulator.requests.filter(({ route }) => route === "responses").length;
  expect([after - before, simulator.stats.refreshes, simulator.stats.replays]).toEqual([2, 2, 0]);
});

test("the network may cut a stream anywhere, and end its lines as it likes", async () => {
  const simulator = await simulate();
  const { call } = await signedIn(simulator);
  const text = "Grüße, 世界 🙂\nsecond line";
  const events = [": hello\n\n", ...answerEvents({ text, deltas: 3, reasoning: ["**Über**"] })];
  const variants: Partial<Reply>[] = [
    { pieces: 1 },
    { pieces: 7, lineEnding: "\r\n" },
    { pieces: 13, lineEnding: "\r", bom: true },
    { pieces: [1, 2, 50, 51, 52, 300] },
  ];
  for (const variant of variants) {
    simulator.next("responses", { kind: "stream", events, ...variant } as Reply);
    const answer = await call("codex_query", { prompt: "hi" });
    expect(answer.text.split("\n\n— ")[0], JSON.stringify(variant)).toBe(text);
  }
});

test("an answer of 2 MB in one line arrives whole, in its file", async () => {
  const simulator = await simulate();
  const { call } = await signedIn(simulator);
  const text = "äöü🙂 ".repeat(350_000);
  simulator.next("responses", { kind: "stream", events: [messageDone(text), completed()] });
  const answer = await call("codex_query", { prompt: "hi" });
  expect(readFileSync(String(answer.facts["answerFile"]), "utf8")).toBe(text);
  expect(answer.text.startsWith(text.slice(0, 449_000))).toBe(true);
});

test("what an answer holds cannot break the protocol or the reader's terminal", async () => {
  const simulator = await simulate();
  const { call } = await signedIn(simulator);
  const text = "\u001b[31mred\u001b[0m\u0000 a\u2028b \u001b]0;title\u0007 done";
  // A lone surrogate can be written in JSON only as an escape.
  const events = [
    `data: {"type":"response.output_text.delta","delta":"\\ud800 half","output_index":7}\n\n`,
    ...answerEvents({ text }),
  ];
  simulator.next("responses", { kind: "stream", events });
  const answer = await call("codex_query", { prompt: "hi" });
  expect(answer.text).toMatch(/^\ufffd half\n\nred a\nb {2}done\n\n— /);
});

test("a host that leaves right after an answer leaves the quota and no other file", async () => {
  const simulator = await simulate();
  for (let round = 0; round < 5; round++) {
    const home = makeHome();
    writeLogin(home, simulator);
    const { call, transport } = await startServer({ simulator, home });
    expect((await call("codex_query", { prompt: "hi" })).isError).toBe(false);
    transport.child.kill("SIGTERM");
    await transport.exited;
    const left = readdirSync(home.stateDir);
    expect(left).toContain("quota.json");
    expect(left.filter((name) => name.includes(".tmp."))).toEqual([]);
  }
});

test("a very long answer: its beginning, then where all of it lies", async () => {
  const simulator = await simulate();
  const text = Array.from({ length: 60_000 }, (_, n) => `line ${n} of many\n`).join("");
  simulator.next("responses", { kind: "stream", events: answerEvents({ text }) });
  const { call, home } = await signedIn(simulator, { entry: "shipped" });
  const answer = await call("codex_query", { prompt: "Tell me everything." });
  const path = String(answer.facts["answerFile"]);
  expect(dirname(path)).toBe(join(home.stateDir, "answers"));
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const [shown = "", footer] = answer.text.split(/\n\n(?=— )/);
  const [part] = answer.raw.content;
  const [note] = (part?.type === "text" ? part.text : "").split("\n");
  expect(text.startsWith(`${shown}\n`)).toBe(true);
  expect(shown.length).toBeGreaterThan(449_900);
  expect(answer.text.length).toBeLessThan(451_000);
  expect(note).toMatch(
    /^Codex answers \(the first 4\d\d,\d{3} of 1,\d{3},\d{3} characters; the whole answer is in .*\.txt\):$/,
  );
  expect(note).toContain(path);
  expect(footer).toMatch(/^— from 127\.0\.0\.1:\d+, not from OpenAI · gpt-6\.1-sol · /);
});
