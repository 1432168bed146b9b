import { describe, expect, test } from "vitest";
import { renderFix, renderNext, renderOutside, type Reader } from "../../src/render/next-step.ts";
import { CodexError, errorCodes, type CodexErrorCode } from "../../src/shared/errors.ts";
import { act, either, retry, setVariable, signIn, unsetVariables, type NextStep } from "../../src/shared/next-step.ts";

const readers: readonly Reader[] = ["mcp", "cli", "library"];
const codes = Object.keys(errorCodes) as CodexErrorCode[];

/** Every step, each with all of its forms. */
const steps: { [Do in NextStep["do"]]: readonly Extract<NextStep, { do: Do }>[] } = {
  "sign-in": [signIn, { do: "sign-in", method: "browser" }, { do: "sign-in", method: "device" }],
  "use-method": [
    { do: "use-method", method: "codex-cli" },
    { do: "use-method", method: "api-key" },
  ],
  "paste-callback-url": [{ do: "paste-callback-url" }],
  "choose-model": [
    { do: "choose-model" },
    { do: "choose-model", which: "named" },
    { do: "choose-model", which: "other" },
    { do: "choose-model", which: "larger" },
  ],
  "correct-request": [{ do: "correct-request" }],
  wait: [{ do: "wait" }, { do: "wait", for: 60_000 }, { do: "wait", for: "reset" }],
  retry: [retry],
  "check-status": [{ do: "check-status" }],
  "run-doctor": [{ do: "run-doctor" }],
  "set-variable": [
    { do: "set-variable", name: "CODEX_MODEL" },
    { do: "set-variable", name: "CODEX_MODEL", to: "a listed model" },
  ],
  "unset-variable": [{ do: "unset-variable", names: ["CODEX_ISSUER", "CODEX_BASE_URL"] }],
  restart: [{ do: "restart" }],
  act: [{ do: "act", what: "Free some space" }],
  either: [{ do: "either", of: [[act("Free some space")], [signIn, retry]] }],
  nothing: [{ do: "nothing" }],
};
const everyStep = Object.values(steps).flat();

/** The text for each reader: of every step, every pair of steps, and every code. */
function sentences(reader: Reader): string[] {
  const pairs = everyStep.flatMap((one) => everyStep.map((other) => [one, other]));
  return [
    ...[...everyStep.map((step) => [step]), ...pairs].flatMap((next) => [
      renderFix(next, reader),
      renderNext(new CodexError("STORAGE", "It failed.", { next }), reader),
    ]),
    ...codes.flatMap((code) =>
      [{}, { retryAfterMs: 5_000 }, { resetsAt: 1 }].map((details) =>
        renderNext(new CodexError(code, "It failed.", details), reader),
      ),
    ),
  ];
}

describe.each(readers)("for the reader %s", (reader) => {
  const all = sentences(reader);

  test("every sentence begins with a capital, and the last one ends with one full stop", () => {
    for (const text of all) {
      expect(text).toMatch(/^[A-Z].*[^.]\.$/);
      for (const sentence of text.slice(0, -1).split(". ")) expect(sentence).toMatch(/^[A-Z][^.]*$/);
    }
  });

  test("nothing stays unsaid, and no sentence is empty", () => {
    for (const text of all) expect(text).not.toMatch(/undefined|\[object| {2}/);
  });
});

test("only a model hears of tools and their arguments", () => {
  for (const reader of ["cli", "library"] as const) {
    for (const text of sentences(reader)) {
      expect(text).not.toMatch(/codex_\w|callback_url|method "|Claude Code|reasoning_effort|the call/);
    }
  }
});

test("a program is given no shell command", () => {
  for (const text of sentences("library"))
    expect(text).not.toMatch(/codex-oauth (login|logout|status|models|query|doctor)|--\w/);
});

test("a model is given no command but the user's doctor, and no option", () => {
  for (const text of sentences("mcp")) {
    expect(text.replaceAll("codex-oauth doctor", "")).not.toMatch(/codex-oauth (login|status|models|query)|--\w/);
  }
});

const modelRepeats: readonly CodexErrorCode[] = ["AUTH_REQUIRED", "AUTH_EXPIRED", "MODEL_UNAVAILABLE", "BAD_REQUEST"];
const userDecides = codes.filter((code) => !modelRepeats.includes(code));

/** Every sentence a model may hear after a failure that the user decides about. */
const toUser = /^(Tell the user; try again only if they ask|They can [a-z].+|If it fails again, they can [a-z].+)$/;

test.each(userDecides)("after %s each step is the user's: a model tells them, and does nothing by itself", (code) => {
  const pairs = everyStep.flatMap((one) => everyStep.map((other) => [one, other]));
  for (const next of [undefined, ...everyStep.map((step) => [step]), ...pairs]) {
    const text = renderNext(new CodexError(code, "It failed.", { next }), "mcp");
    const sentences = text.slice(0, -1).split(". ");
    expect(sentences[0]).toBe("Tell the user; try again only if they ask");
    for (const sentence of sentences) expect(sentence).toMatch(toUser);
    expect(text).not.toMatch(/repeat the call/i);
    expect(text.replaceAll("ask you to call codex_", "")).not.toMatch(/call codex_/i);
  }
});

test.each<[CodexErrorCode, string]>([
  ["AUTH_DENIED", "They can ask you to call codex_login, then approve the request with an account that may use Codex."],
  ["USAGE_LIMIT", "They can ask you to call codex_status, then wait until the limit resets."],
  ["OVERLOADED", "They can wait a minute or two, or name another model (codex_models lists them)."],
  ["POLICY", "They can rephrase the question; repeating it unchanged will not help."],
  ["TIMEOUT", "If it fails again, they can ask a smaller question or lower the reasoning effort."],
  ["UPSTREAM", "They can wait a minute or two. If it fails again, they can run codex-oauth doctor."],
  ["INCOMPLETE", "They can use what had arrived as a partial answer."],
])("%s gives a model the user's options", (code, options) => {
  const text = renderNext(new CodexError(code, "It failed."), "mcp");
  expect(text).toBe(`Tell the user; try again only if they ask. ${options}`);
});

test("after a cancelled call a model does nothing unless the user asks", () => {
  expect(renderNext(new CodexError("CANCELLED", "It was."), "mcp")).toBe("Tell the user; try again only if they ask.");
});

test("alternatives of the user's keep no repetition", () => {
  const next = [either(act("Free some space"), [signIn, retry], retry)];
  expect(renderNext(new CodexError("STORAGE", "It failed.", { next }), "mcp")).toBe(
    "Tell the user; try again only if they ask. They can free some space, or ask you to call codex_login.",
  );
});

test.each(["AUTH_REQUIRED", "AUTH_EXPIRED"] as const)(
  "%s sends a model to the sign-in, then back to its call",
  (code) => {
    const error = new CodexError(code, "No.");
    expect(renderNext(error, "mcp")).toBe("Call codex_login, then repeat the call.");
    expect(renderNext(error, "cli")).toBe("Run codex-oauth login, then repeat the command.");
    expect(renderNext(error, "library")).toBe("Call signIn(), then try again.");
  },
);

test.each(["INTERNAL", "UPSTREAM", "PROTOCOL"] as const)("%s sends the user to the doctor", (code) => {
  const error = new CodexError(code, "No.");
  expect(renderNext(error, "mcp")).toMatch(/^Tell the user; .*they can run codex-oauth doctor/i);
  expect(renderNext(error, "cli")).toMatch(/run codex-oauth doctor/i);
  expect(renderNext(error, "library")).toMatch(/call doctor\(\)/i);
});

test.each<[string, readonly NextStep[], string, string, string]>([
  [
    "alternatives",
    [either({ do: "sign-in", method: "device" }, act("Enter the code"))],
    'Call codex_login with method "device", or enter the code.',
    "Run codex-oauth login --device, or enter the code.",
    'Call signIn({ method: "device" }), or enter the code.',
  ],
  [
    "another method",
    [{ do: "use-method", method: "api-key" }],
    'Call codex_login with method "api-key".',
    "Run codex-oauth login --api-key.",
    'Call useMethod("api-key").',
  ],
  [
    "a variable",
    [either(setVariable("CODEX_AUTH_FILE", "a writable place"), unsetVariables("CODEX_AUTH"))],
    "Set CODEX_AUTH_FILE to a writable place and restart Claude Code, or unset CODEX_AUTH and restart Claude Code.",
    "Set CODEX_AUTH_FILE to a writable place, or unset CODEX_AUTH.",
    "Set CODEX_AUTH_FILE to a writable place and restart the program, or unset CODEX_AUTH and restart the program.",
  ],
  [
    "what comes after a repetition that failed",
    [{ do: "wait" }, retry, act("End that process")],
    "Wait a minute or two, then repeat the call. If it fails again, the user can end that process.",
    "Wait a minute or two, then repeat the command. If it fails again, end that process.",
    "Wait a minute or two, then try again. If it fails again, end that process.",
  ],
])("%s in the terms of each reader", (_, next, ...texts) => {
  const error = new CodexError("BAD_REQUEST", "No.", { next });
  expect(readers.map((reader) => renderNext(error, reader))).toEqual(texts);
});

test("a page in the browser has only the steps outside this program", () => {
  const next = [either(act("Correct the rights"), setVariable("CODEX_AUTH_FILE", "a writable place")), signIn, retry];
  expect(renderOutside(next)).toEqual(["Correct the rights, or set CODEX_AUTH_FILE to a writable place."]);
  expect(renderOutside([either(signIn, retry), setVariable("CODEX_MODEL")])).toEqual([
    "Set CODEX_MODEL to another value.",
  ]);
});

test("a command to paste has no full stop", () => {
  expect(renderFix([act("Run: chmod 600 x")], "cli")).toBe("Run: chmod 600 x");
});
