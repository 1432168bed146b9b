import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CodexError } from "../../src/shared/errors.ts";
import { callTool } from "../../src/mcp/call-tool.ts";
import { defineTool, type Tool, type ToolResult } from "../../src/mcp/tool.ts";
import { testApp } from "../support/app.ts";
import { expectNoSecrets } from "../support/canary.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { makeHome } from "../support/home.ts";
import { toAnswer } from "../support/server.ts";
import { act } from "../../src/shared/next-step.ts";

type ToolCall = Parameters<Tool["handle"]>[2];
type Handle = (call: ToolCall) => ToolResult | Promise<ToolResult>;

interface Options {
  args?: unknown;
  env?: Record<string, string>;
  secret?: string;
}

/** Calls a tool that runs `handle`; resolves with the answer, the progress and the log. */
async function run(handle: Handle, { args, env, secret }: Options = {}) {
  const clock = fakeClock();
  const { codex, stderr } = testApp({ home: makeHome(), clock, ...(env && { env }) });
  codex.context.redactor.addSecrets(secret);
  const progress: string[] = [];
  const tool = defineTool({
    name: "a_tool",
    title: "A tool",
    description: "For this test.",
    annotations: {
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    input: z.strictObject({ word: z.string().optional() }),
    needs: ["origins"],
    handle: async (_, __, call) => handle(call),
  });
  const raw = await callTool(tool, args, codex, {
    signal: new AbortController().signal,
    sendProgress: (_, message) => progress.push(message),
  });
  return { ...toAnswer(raw), progress, clock, stderr };
}

const fail = (error: unknown) => () => {
  throw error;
};

test("gives the text to readers and the facts to programs, apart from each other", async () => {
  const { raw } = await run(() => ({ text: "the answer", facts: { n: 1 } }));
  expect(raw).toEqual({
    content: [{ type: "text", text: "the answer" }],
    _meta: { "codex-oauth/result": { n: 1 } },
  });
});

describe("a failure is an answer, too", () => {
  test("with code, why, next step and the same for programs", async () => {
    const error = new CodexError("RATE_LIMITED", "Too many requests.", {
      why: "The service said: slow down.",
      retryAfterMs: 20_000,
    });
    expect((await run(fail(error))).raw).toEqual({
      isError: true,
      content: [
        {
          type: "text",
          text:
            "RATE_LIMITED: Too many requests.\nThe service said: slow down.\n" +
            "The service asks to wait 20 s.\n" +
            "Next: Tell the user; try again only if they ask. They can wait for the time that the message names.",
        },
      ],
      _meta: {
        "codex-oauth/error": { code: "RATE_LIMITED", retryAfterMs: 20_000, resetsAt: undefined },
      },
    });
  });

  test("with the partial answer marked, and not cleaned of words that only look like secrets", async () => {
    const partialText = "Send state=xyz as Bearer abcdefgh";
    const { text } = await run(fail(new CodexError("INCOMPLETE", "It broke off.", { partialText })));
    expect(text).toMatch(/^INCOMPLETE: It broke off\.\n/);
    expect(text).toContain(`\n\nPartial answer, it breaks off:\n\n${partialText}`);
  });

  test.each([
    ["an Error", new TypeError("secret words"), "INTERNAL"],
    ["a string", "secret words", "INTERNAL"],
    ["undefined", undefined, "INTERNAL"],
    ["an abort", new DOMException("secret words", "AbortError"), "CANCELLED"],
  ])("in our own words when %s was thrown", async (_, thrown, code) => {
    const answer = await run(fail(thrown));
    expect([answer.isError, answer.code]).toEqual([true, code]);
    expect(answer.text).not.toMatch(/secret|at .*\.ts/);
  });
});

test("wrong arguments come before wrong settings, and the handler sees neither", async () => {
  const env = { CODEX_BASE_URL: "http://evil.test" };
  const handle = fail(new Error("was called"));
  expect((await run(handle, { env, args: { word: 1 } })).code).toBe("BAD_REQUEST");
  const { text } = await run(handle, { env });
  expect(text).toBe(
    "CONFIG: CODEX_BASE_URL cannot be used: it is neither https: nor http: on this machine " +
      "(127.0.0.1, [::1], localhost).\n" +
      "CODEX_BASE_URL accepts an https: URL on chatgpt.com or a host below it; with another CODEX_ISSUER any https: " +
      "URL; with one on this machine also http: on 127.0.0.1, [::1] or localhost.\n" +
      "Next: Tell the user; try again only if they ask. They can correct or unset the environment variable that the message names, then restart Claude Code.",
  );
  expect((await run(() => ({ text: "fine" }), { env: { CODEX_STATE_DIR: "x" } })).text).toBe("fine");
});

test("progress ends with the call, even for a handler that goes on", async () => {
  let late: ToolCall["progress"] | undefined;
  const { progress, clock } = await run(({ progress: reporter }) => {
    late = reporter;
    reporter.report(() => "begun");
    reporter.report(() => "due later");
    return { text: "done" };
  });
  late?.report(() => "too late");
  await clock.advance(60_000);
  expect(progress).toEqual(["begun"]);
});

describe("a live secret does not get out", () => {
  const secret = "rt_CANARY_RT_7kJx92LmQpTzVw3B";
  const thrown = (make: () => unknown): unknown => {
    try {
      return make();
    } catch (error) {
      return error;
    }
  };
  const foreign: [string, unknown][] = [
    ["a refused header", thrown(() => new Headers({ authorization: `Bearer ${secret}\n` }))],
    ["a URL", thrown(() => new URL(`http://user:${secret}@`))],
    ["JSON", thrown(() => JSON.parse(secret))],
    ["an unknown key", thrown(() => z.strictObject({}).parse({ [secret]: 1 }))],
    ["a refused connection", Object.assign(new Error(`connect ${secret}`), { code: "ECONNREFUSED" })],
    ["a name", Object.assign(new Error(`getaddrinfo ENOTFOUND ${secret}.test`), { code: "ENOTFOUND" })],
    ["a certificate", Object.assign(new Error(`altname ${secret}`), { code: "ERR_TLS" })],
    ["an upstream text", new CodexError("UPSTREAM", "It failed.", { why: `It said ${secret}.` })],
    ["a message of ours", new CodexError("UPSTREAM", `It failed with ${secret}.`)],
    ["a next step", new CodexError("UPSTREAM", "It failed.", { next: [act(`Try ${secret}`)] })],
    ["a cause", new CodexError("UPSTREAM", "x", { cause: new Error(`POST with ${secret}`) })],
    ["a partial answer", new CodexError("INCOMPLETE", "x", { partialText: `so ${secret}` })],
  ];

  test.each(foreign)("by an error that is built around it: %s", async (_, error) => {
    const { raw, stderr, isError } = await run(fail(error), { secret });
    expect(isError).toBe(true);
    expectNoSecrets(JSON.stringify(raw), [secret], "the answer");
    expectNoSecrets(stderr.join(""), [secret], "the log");
  });

  test("by an answer, its progress or an argument", async () => {
    const { raw, progress, stderr } = await run(
      ({ progress: reporter }) => {
        reporter.report(() => `thinking: ${secret}`);
        return { text: `It is ${secret}.` };
      },
      { secret },
    );
    expect([raw.content, progress]).toEqual([[{ type: "text", text: "It is [redacted]." }], ["thinking: [redacted]"]]);
    expectNoSecrets(stderr.join(""), [secret], "the log");
    const refused = await run(() => ({ text: "" }), {
      secret,
      args: { [secret]: 1, word: secret },
    });
    expectNoSecrets(refused.text + refused.stderr.join(""), [secret], "the refusal");
  });
});

test("the log tells name, outcome and time of each call, and never the text of it", async () => {
  const fine = await run(() => ({ text: "private answer" }));
  expect(fine.stderr).toEqual(["[CODEX] a_tool answered in 0 ms\n"]);
  const failed = await run(fail(new CodexError("INCOMPLETE", "Cut.", { partialText: "private" })));
  expect(failed.stderr).toEqual(["[CODEX] a_tool failed with INCOMPLETE: Cut.\n"]);
});
