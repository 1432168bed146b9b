import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { answerEvents } from "../simulator/index.ts";
import { runCli, startCli, type CliOptions } from "../support/cli.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { startInTerminal } from "../support/pty.ts";
import { originNote, simulate } from "../support/server.ts";

async function signedIn() {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const run = (args: string[], more: Partial<CliOptions> = {}) => runCli({ simulator, home, args, ...more });
  /** The first note on stderr. */
  const origin = `note: ${originNote(simulator)}\n`;
  return { simulator, home, run, origin };
}

const never = new Promise<never>(() => undefined);
const withEscapes = "\u001b[31mred\u001b[0m \u001b]0;title\u0007plain\u009b5m \rover";

describe("in a pipe", () => {
  test("there is the plain answer and nothing else, and on stderr who answers in OpenAI's place", async () => {
    const { simulator, run, origin } = await signedIn();
    simulator.next("responses", { kind: "stream", events: answerEvents({ text: "Use a lock." }) });
    expect(await run(["query", "What", "now?"])).toEqual({
      code: 0,
      stdout: "Use a lock.\n",
      stderr: origin,
    });
    const [request] = simulator.requests.filter(({ route }) => route === "responses");
    expect(request?.body).toContain("What now?");
  });

  test("what is piped in is the prompt, and a - sets it into the words", async () => {
    const { simulator, run } = await signedIn();
    const prompts = () =>
      simulator.requests
        .filter(({ route }) => route === "responses")
        .map(({ json }) => JSON.stringify((json as { input: unknown }).input));
    await run(["query"], { input: "piped text\n" });
    await run(["query", "-"], { input: "piped text\n" });
    await run(["query", "Review this:", "-", "Be short."], { input: "piped text\n" });
    await run(["query", "only words"], { input: null });
    expect(prompts()[0]).toContain('"piped text"');
    expect(prompts()[1]).toContain('"piped text"');
    expect(prompts()[2]).toContain('"Review this:\\n\\npiped text\\n\\nBe short."');
    expect(prompts()[3]).toContain('"only words"');
  });

  test("model, effort and system prompt go along, and what was not done is noted", async () => {
    const { simulator, run, origin } = await signedIn();
    const options = ["-m", "gpt-5.5", "-e", "ultra", "-s", "Be brief."];
    const { code, stderr } = await run(["query", ...options, "hi"]);
    expect(code).toBe(0);
    expect(stderr).toBe(`${origin}note: Effort ultra was sent as xhigh, the highest that the service takes.\n`);
    const [request] = simulator.requests.filter(({ route }) => route === "responses");
    expect(request?.json).toMatchObject({ model: "gpt-5.5", instructions: "Be brief." });
  });

  test("--json gives one object with the answer and its facts", async () => {
    const { simulator, run } = await signedIn();
    simulator.next("responses", { kind: "stream", events: answerEvents({ text: withEscapes }) });
    const { code, stdout, stderr } = await run(["query", "--json", "hi"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const facts = JSON.parse(stdout) as Record<string, unknown>;
    const known = ["text", "sources", "model", "effort", "usage", "durationMs", "quota", "notices"];
    expect(Object.keys(facts)).toEqual(known);
    expect(facts["text"]).toBe("red plain \rover");
  });

  test.each([
    ["nobody is signed in", { code: "AUTH_REQUIRED", exit: 3 }],
    ["the quota is used up", { code: "USAGE_LIMIT", exit: 4 }],
    ["the request is refused", { code: "BAD_REQUEST", exit: 1 }],
  ])("when %s the error is on stderr, or the object on stdout", async (what, { code, exit }) => {
    const { simulator, home, run } = await signedIn();
    const refusals: Record<string, object> = {
      USAGE_LIMIT: { type: "usage_limit_reached", message: "x", resets_in_seconds: 60 },
      BAD_REQUEST: { type: "invalid_request_error", message: "x" },
    };
    const status = code === "USAGE_LIMIT" ? 429 : 400;
    const reply = { kind: "json", status, body: { error: refusals[code] } } as const;
    const env: Record<string, string> =
      code === "AUTH_REQUIRED" ? { CODEX_AUTH_FILE: join(home.path, "none.json") } : {};
    if (code !== "AUTH_REQUIRED") simulator.always("responses", reply);
    const plain = await run(["query", "hi"], { env });
    expect(plain, what).toMatchObject({ code: exit, stdout: "" });
    expect(plain.stderr).toMatch(new RegExp(`^${code}: .*\\n[^]*Next: `));
    const json = await run(["query", "--json", "hi"], { env });
    expect(json).toMatchObject({ code: exit, stderr: "" });
    const { error } = JSON.parse(json.stdout) as { error: Record<string, unknown> };
    expect(error["code"]).toBe(code);
    expect(plain.stderr).toContain(String(error["message"]));
    expect(plain.stderr).toContain(String(error["next"]));
  });

  test("what had arrived of a broken answer is shown on stderr, and marked", async () => {
    const { simulator, run } = await signedIn();
    const events = answerEvents({ text: "half of it" });
    simulator.next("responses", { kind: "stream", events: events.slice(0, -2), end: "close" });
    const { code, stdout, stderr } = await run(["query", "hi"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^INCOMPLETE: [^]*Partial answer, it breaks off:\n\nhalf of it\n$/);
  });

  test("a reader that has gone is no failure", async () => {
    const { simulator, home, origin } = await signedIn();
    const held = deferred<undefined>();
    simulator.next("responses", {
      kind: "stream",
      events: [held.promise, ...answerEvents({ text: "word ".repeat(60_000) })],
    });
    const run = startCli({ simulator, home, args: ["query", "hi"] });
    await simulator.waitForRequest("responses");
    run.hangUp("stdout");
    held.resolve(undefined);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stderr()).toBe(origin);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 130 and closes the request", async (signal) => {
    const { simulator, home } = await signedIn();
    simulator.next("responses", { kind: "hang" });
    const run = startCli({ simulator, home, args: ["query", "hi"] });
    const request = await simulator.waitForRequest("responses");
    run.kill(signal);
    expect(await run.ended).toEqual({ code: 130, signal: null });
    await request.done;
    expect(request.closedBy).toBe("client");
    expect(run.stdout()).toBe("");
  });
});

test("an interrupted --json says so in JSON", async () => {
  const { simulator, home } = await signedIn();
  simulator.next("responses", { kind: "hang" });
  const run = startCli({ simulator, home, args: ["query", "--json", "hi"] });
  await simulator.waitForRequest("responses");
  run.kill("SIGINT");
  expect(await run.ended).toEqual({ code: 130, signal: null });
  expect(JSON.parse(run.stdout())).toMatchObject({ error: { code: "CANCELLED" } });
});

describe("on a terminal", () => {
  test("the text is there before the answer is complete, and the facts follow it", async () => {
    const { simulator, home } = await signedIn();
    const more = deferred<undefined>();
    const events = answerEvents({
      text: "First part. Second part.",
      deltas: ["First part. ", "Second part."],
      reasoning: ["**Weighing locks**\n\nLet me see."],
    });
    const at = events.findIndex((event) => JSON.stringify(event).includes('"Second part."'));
    const heading = deferred<undefined>();
    const answer = events.findIndex((event) => JSON.stringify(event).includes("output_text.delta"));
    simulator.next("responses", {
      kind: "stream",
      events: [
        ...events.slice(0, answer),
        heading.promise,
        ...events.slice(answer, at),
        more.promise,
        ...events.slice(at),
      ],
    });
    const run = startInTerminal({ simulator, home, args: ["query", "hi"], columns: 60 });
    await run.shows("thinking: weighing locks");
    heading.resolve(undefined);
    await run.shows("First part");
    expect(run.screen()).not.toContain("Second");
    more.resolve(undefined);
    expect(await run.ended).toBe(0);
    const origin = originNote(simulator).replaceAll(".", "\\.");
    const shown = String.raw`First part\. Second part\.\r\n\S*— ${origin} · gpt-[\w.-]+ · effort`;
    expect(run.screen()).toMatch(new RegExp(shown));
    expect(run.screen()).toContain("\u001b[2m");
  });

  test("NO_COLOR leaves no colour, and a dumb terminal no cursor movement", async () => {
    const { simulator, home } = await signedIn();
    const env = { NO_COLOR: "1", TERM: "dumb" };
    const run = startInTerminal({ simulator, home, args: ["query", "hi"], env });
    expect(await run.ended).toBe(0);
    expect(run.screen()).not.toContain("\u001b");
  });

  test("nothing of an answer can move the cursor or change the terminal", async () => {
    const { simulator, home } = await signedIn();
    const events = answerEvents({ text: withEscapes, deltas: Array.from(withEscapes) });
    simulator.next("responses", { kind: "stream", events });
    const env = { NO_COLOR: "1", TERM: "dumb" };
    const run = startInTerminal({ simulator, home, args: ["query", "hi"], env });
    expect(await run.ended).toBe(0);
    expect(run.screen()).toContain("red plain \r\nover\r\n");
    for (const bad of ["\u001b", "\u0007", "\u009b", "title"]) {
      expect(run.screen()).not.toContain(bad);
    }
  });

  test("into a file goes the answer alone, and the spinner stays on the terminal", async () => {
    const { simulator, home } = await signedIn();
    const redirect = `> '${join(home.path, "answer.txt")}'`;
    simulator.next("responses", { kind: "stream", events: answerEvents({ text: "In the file." }) });
    const run = startInTerminal({ simulator, home, args: ["query", "hi"], redirect });
    expect(await run.ended).toBe(0);
    expect(readFileSync(join(home.path, "answer.txt"), "utf8")).toBe("In the file.\n");
    expect(run.screen()).toContain("waiting for Codex");
    expect(run.screen()).toContain(`— ${originNote(simulator)} · gpt-`);
    expect(run.screen()).not.toContain("In the file.");
  });

  test("Ctrl-C ends it with 130, closes the request and leaves the line clear", async () => {
    const { simulator, home } = await signedIn();
    simulator.next("responses", {
      kind: "stream",
      events: [...answerEvents({ text: "one two" }).slice(0, 6), never],
    });
    const run = startInTerminal({ simulator, home, args: ["query", "hi"] });
    const request = await simulator.waitForRequest("responses");
    await run.shows(/one|waiting for Codex/);
    run.type("\u0003");
    expect(await run.ended).toBe(130);
    await request.done;
    expect(request.closedBy).toBe("client");
  });

  test("without a prompt nobody is left waiting", async () => {
    const { simulator, home } = await signedIn();
    const run = startInTerminal({ simulator, home, args: ["query"] });
    expect(await run.ended).toBe(2);
    expect(run.screen()).toBe("codex-oauth: query: there is no prompt. See: codex-oauth query --help\r\n");
  });
});
