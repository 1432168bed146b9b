import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { frontmatter, read } from "../support/documents.ts";
import { makeOpener } from "../support/opener.ts";
import { call, claudeHost, type Host } from "./rig/host.ts";
import { conversation, lastResult, toolResults, type ModelRequest } from "./rig/messages.ts";

/** The body of a command as the model reads it, with these words for the arguments. */
const bodyOf = (name: string, words = ""): string =>
  frontmatter(read(`commands/${name}.md`)).body.replace("$ARGUMENTS", () => words);

/** The question of a /codex, from where the command tells the model to take it. */
function questionIn(request: ModelRequest): string {
  const [, question] = /<command-args>([^]*?)<\/command-args>/.exec(conversation(request)) ?? [];
  if (question === undefined) throw new Error("the model was shown no question");
  return question;
}

/** What a model does with /codex: status, query with the question word for word, the answer as it is. */
function planCodex(host: Host): void {
  host.model.plan(
    { calls: [call("codex_status")] },
    (request) => ({ calls: [call("codex_query", { prompt: questionIn(request) })] }),
    (request) => ({ text: lastResult(request).text }),
  );
}

/** The prompt as it came in at the service. */
const promptAt = (host: Host): string => {
  const { json } = host.simulator.requests.find(({ route }) => route === "responses")!;
  return (json as { input: { content: { text: string }[] }[] }).input.at(-1)!.content[0]!.text;
};

const answer = "Codex says:\n\n```ts\nconst a = `${b}`;\n```\n\n1. <b>bold</b> & *plain*";

describe("/codex", () => {
  test.each([
    ["the plugin's", "/codex-oauth:codex"],
    ["the person's own copy", "/codex"],
  ] as const)("%s: the answer as Codex gave it, and nobody is asked for permission", async (_, typed) => {
    const host = await claudeHost();
    if (typed === "/codex") copyBareCommands(host);
    host.simulator.next("responses", { kind: "stream", events: answerEvents({ text: answer }) });
    planCodex(host);
    const outcome = await host.ask(`${typed} Is a mutex needed?`);
    expect(outcome.denials).toEqual([]);
    expect(conversation(host.model.requests[0]!)).toContain(bodyOf("codex", "Is a mutex needed?"));
    expect(toolResults(host.model.requests[1]!)[0]?.text).toMatch(/^Signed in as /m);
    expect(promptAt(host)).toBe("Is a mutex needed?");
    expect(outcome.result).toMatch(
      /\n\n— from 127\.0\.0\.1:\d+, not from OpenAI · gpt-6\.1-sol · effort low · [^\n]+$/,
    );
    expect(outcome.result.startsWith(`Codex answers:\n\n${answer}\n\n— `)).toBe(true);
  });

  test.each([
    ["quotes", `Is "a" the same as 'b', or "c d" 'e f'? It's "not`],
    ["placeholders", "What are $0, $1, $2, $ARGUMENTS[0], ${HOME} and $HOME in a shell?"],
    ["commands", "Does `touch made-1` or $(touch made-2) or !`touch made-3` run here? !`touch made-4`"],
    ["exclamations", "Wow! Is a != b or !c? !! !\nWhat does `!important` do, and \\!?"],
    ["lines", "First line\n\n  indented `touch made-5`\n!touch made-6\n```!\ntouch made-7\n```\nlast; & | > <"],
  ])("a question with %s arrives unchanged, and nothing in it is executed", async (_, question) => {
    const host = await claudeHost();
    planCodex(host);
    const { denials } = await host.ask(`/codex-oauth:codex ${question}`);
    expect(denials).toEqual([]);
    expect(promptAt(host)).toBe(question);
    expect(readdirSync(host.project)).toEqual([]);
  });

  test("a newcomer is led through the login first", async () => {
    const host = await claudeHost({ signedIn: false });
    host.model.plan(
      { calls: [call("codex_status")] },
      { calls: [call("codex_login")] },
      async (request) => {
        const [url = ""] = /http\S+authorize\S+/.exec(lastResult(request).text) ?? [];
        expect((await host.simulator.signIn(url)).status).toBe(200);
        return { calls: [call("codex_login", { wait_seconds: 100 })] };
      },
      (request) => ({ calls: [call("codex_query", { prompt: questionIn(request) })] }),
      (request) => ({ text: lastResult(request).text }),
    );
    const { result, denials } = await host.ask("/codex-oauth:codex Who am I?");
    expect(denials).toEqual([]);
    const results = toolResults(host.model.requests.at(-1)!).map(({ text }) => text);
    expect(results[0]).toMatch(/^Not signed in/m);
    expect(results[2]).toContain(" Signed in as ");
    expect(result).toMatch(/^Codex answers:\n\nThe simulator received: Who am I\?\n\n— /);
  });
});

describe("the others", () => {
  test("/codex-config signs in by the browser that opens, in one go", async () => {
    const opener = await claudeHostWithBrowser();
    const { host } = opener;
    host.model.plan(
      { calls: [call("codex_status", { verbose: true })] },
      // The machine of the tests may be a container, where only the explicit wish opens a browser.
      { calls: [call("codex_login", { method: "browser" })] },
      (request) => ({ text: lastResult(request).text }),
    );
    const { result, denials } = await host.ask("/codex-oauth:codex-config login in the browser");
    expect(denials).toEqual([]);
    expect(conversation(host.model.requests[0]!)).toContain(bodyOf("codex-config", "login in the browser"));
    expect(result).toMatch(/ Signed in as .\*\*\*@/);
    expect(opener.calls()).toEqual([[expect.stringMatching(/^http:\/\/localhost:\d+\/start\/[\w-]{43}$/)]]);
    expect(host.home.record()?.["refreshToken"]).toBeDefined();
    expect(host.simulator.stats.exchanges).toBe(1);
  });

  test("/codex-status shows login and quota", async () => {
    const host = await claudeHost();
    host.model.plan({ calls: [call("codex_status", { verbose: true })] }, (request) => ({
      text: lastResult(request).text,
    }));
    const { result, denials } = await host.ask("/codex-oauth:codex-status verbose");
    expect(denials).toEqual([]);
    expect(conversation(host.model.requests[0]!)).toContain(bodyOf("codex-status", "verbose"));
    expect(result).toMatch(/^Signed in as .\*\*\*@[^]*Quota: not seen yet/m);
  });

  test("/codex-clear signs out", async () => {
    const host = await claudeHost();
    host.model.plan({ calls: [call("codex_status")] }, { calls: [call("codex_clear")] }, (request) => ({
      text: lastResult(request).text,
    }));
    const { result, denials } = await host.ask("/codex-oauth:codex-clear");
    expect(denials).toEqual([]);
    expect(conversation(host.model.requests[0]!)).toContain(bodyOf("codex-clear"));
    expect(result).toContain("Signed out");
    expect(host.home.record()?.["refreshToken"]).toBeUndefined();
  });

  test("a permission that a command gave ends with its turn", async () => {
    const host = await claudeHost();
    const session = host.session();
    host.model.plan({ calls: [call("codex_status")] });
    const first = await session.say("/codex-oauth:codex-status");
    expect(first.permission_denials).toEqual([]);
    expect(lastResult(host.model.requests.at(-1)!).text).toMatch(/^Signed in as /m);
    host.model.plan({ calls: [call("codex_status")] });
    const second = await session.say("And again?");
    expect(second.permission_denials).toHaveLength(1);
  });
});

/** As the README says: the two bare commands, in the person's own folder. */
function copyBareCommands({ config }: Host): void {
  const commands = join(config, "commands");
  mkdirSync(commands, { recursive: true });
  cpSync(join(inject("installed").clone, ".claude/commands"), commands, { recursive: true });
}

async function claudeHostWithBrowser() {
  const host = await claudeHost({ signedIn: false, env: { CODEX_NO_BROWSER: "0", DISPLAY: ":0" } });
  const opener = makeOpener(host.home, "follows the URL");
  host.env["PATH"] = opener.path;
  return { host, calls: opener.calls };
}
