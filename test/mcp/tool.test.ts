import { describe, expect, test } from "vitest";
import { CodexError } from "../../src/shared/errors.ts";
import { tools } from "../../src/mcp/toolbox.ts";
import { validateArguments } from "../../src/mcp/tool.ts";

const accepted = "prompt, model, system_prompt, reasoning_effort, verbosity, temperature";

function judge(name: string, args: unknown): string {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  try {
    validateArguments(tool, args);
    return "ok";
  } catch (error) {
    expect(error).toBeInstanceOf(CodexError);
    const { code, message, details } = error as CodexError;
    expect(code).toBe("BAD_REQUEST");
    expect(details.why).toBe("Nothing was sent or changed.");
    return message.replace(`${name} was called with unusable arguments: `, "");
  }
}

describe("codex_query", () => {
  const cases: [args: unknown, verdict: string][] = [
    [{ prompt: "hi" }, "ok"],
    [{ prompt: "hi", model: "gpt-5.5", verbosity: "low", temperature: 2 }, "ok"],
    [{ prompt: "x".repeat(4 * 1024 * 1024) }, "ok"],
    [undefined, "prompt is required."],
    [{}, "prompt is required."],
    [{ prompt: 42 }, "prompt must be a string."],
    [{ prompt: null }, "prompt must be a string."],
    [{ prompt: ["hi"] }, "prompt must be a string."],
    [{ prompt: "" }, "prompt must not be empty."],
    [{ prompt: " \n\t" }, "prompt must not be blank."],
    [{ prompt: "x".repeat(4 * 1024 * 1024 + 1) }, "prompt must have at most 4,194,304 characters."],
    [{ prompt: "hi", temperature: "1" }, "temperature must be a number."],
    [{ prompt: "hi", temperature: -0.1 }, "temperature must be at least 0."],
    [{ prompt: "hi", temperature: 2.1 }, "temperature must be at most 2."],
    [{ prompt: "hi", temperature: 1e400 }, "temperature must be a number."],
    [{ prompt: "hi", temperature: NaN }, "temperature must be a number."],
    [{ prompt: "hi", verbosity: "loud" }, "verbosity must be one of low, medium, high."],
    [
      { prompt: "hi", reasoning_effort: "turbo" },
      "reasoning_effort must be one of none, minimal, low, medium, high, xhigh, max, ultra.",
    ],
    [{ prompt: "hi", model: "a b" }, "model must be a model name such as gpt-6.1-sol."],
    [{ prompt: "hi", model: "x\r\ny: z" }, "model must be a model name such as gpt-6.1-sol."],
    [{ prompt: "hi", modle: "x" }, `modle is unknown (accepted: ${accepted}).`],
    [
      JSON.parse('{"prompt":"hi","__proto__":{"x":1},"constructor":1}'),
      `__proto__, constructor is unknown (accepted: ${accepted}).`,
    ],
    [[], "the arguments must be an object."],
    ["hi", "the arguments must be an object."],
  ];
  for (const [args, verdict] of cases) {
    test(`is told: ${verdict}`, () => {
      expect(judge("codex_query", args)).toBe(verdict);
    });
  }

  test("names five faults at most, and no value", () => {
    const secret = "rt_CANARY_value";
    const keys = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`key${n}`, secret]));
    const message = judge("codex_query", {
      prompt: 1,
      verbosity: secret,
      model: `${secret} `,
      ...keys,
    });
    expect(message).not.toContain("CANARY");
    expect(message).toContain("key4 is unknown");
    expect(message).not.toContain("key5");
  });

  test("judges arrays nested a hundred thousand deep", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as unknown;
    expect(judge("codex_query", { prompt: deep })).toBe("prompt must be a string.");
    expect(judge("codex_query", { prompt: "hi", more: deep })).toMatch(/^more is unknown/);
  });
});

test.each<[string, unknown, string]>([
  ["codex_login", { wait_seconds: 600 }, "ok"],
  ["codex_login", { wait_seconds: 601 }, "wait_seconds must be at most 600."],
  ["codex_login", { wait_seconds: -1 }, "wait_seconds must be at least 0."],
  ["codex_status", { verbose: true }, "ok"],
  ["codex_status", { verbose: "yes" }, "verbose must be a boolean."],
  ["codex_clear", { sure: true }, "sure is unknown (accepted: local_only)."],
  ["codex_models", undefined, "ok"],
  ["codex_models", null, "ok"],
])("%s with %j: %s", (name, args, expected) => {
  expect(judge(name, args)).toBe(expected);
});
