import { expect, test } from "vitest";
import { commandWords } from "../../src/cli/rephrase.ts";
import { errorCodes } from "../../src/shared/errors.ts";
import { documents } from "../support/documents.ts";

test.each([
  ["Call codex_login, then repeat the call.", "Run codex-oauth login, then repeat the command."],
  ["sign in here (codex_login with method browser).", "sign in here (codex-oauth login)."],
  [
    'Call codex_login with method "device" for a new code, or with method "browser".',
    "Run codex-oauth login --device for a new code, or codex-oauth login.",
  ],
  ["(codex_login with method api-key)", "(codex-oauth login --api-key)"],
  [
    "Start Claude Code with OPENAI_API_KEY in its environment, or wait.",
    "Set OPENAI_API_KEY in the environment, or wait.",
  ],
  [
    "Unset CODEX_AUTH and restart Claude Code, then choose again.",
    "Unset CODEX_AUTH, then choose again.",
  ],
])("%j is said as %j", (tools, command) => {
  expect(commandWords(tools)).toBe(command);
});

test("no word of the tools is left in the next step of any error", () => {
  const texts = Object.values(errorCodes).map(({ next }) => next as string);
  const source = documents("src", ".ts");
  for (const { text } of source) {
    for (const [, sentence = ""] of text.matchAll(
      /["`]([^"`\n]*codex_login with method [^`\n]*?)["`],?\n/g,
    )) {
      texts.push(sentence.replaceAll('\\"', '"'));
    }
  }
  expect(texts.length).toBeGreaterThan(25);
  for (const text of texts) {
    if (text.includes("${")) continue;
    expect(commandWords(text)).not.toMatch(
      /codex_(login|clear|status|models|query)|with method|Claude Code/,
    );
  }
});
