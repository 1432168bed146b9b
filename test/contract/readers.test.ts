import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { tools } from "../../src/mcp/toolbox.ts";
import { documents } from "../support/documents.ts";

/** The entry points, and what renders for them. */
const speaks = /^src\/(mcp|cli|app|render)\//;
const names = new RegExp(
  [
    ...tools.map(({ name }) => name),
    ...commands.map(({ name }) => `codex-oauth ${name}\\b`),
    "callback_url",
    "Claude Code",
    "[Rr]epeat the (call|command)",
  ].join("|"),
);

test("only the entry points and what renders for them name a tool, its arguments, a command or the host", () => {
  const found = documents("src", ".ts")
    .filter(({ path }) => !speaks.test(path))
    .flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, n) => (names.test(line) ? [`${path}:${n + 1}: ${line.trim()}`] : [])),
    );
  expect(found).toEqual([]);
});

test("each of them is named where it is rendered, so the rule looks for the right words", () => {
  const rendered = documents("src", ".ts").filter(({ path }) => speaks.test(path));
  for (const { name } of tools) expect(rendered.some(({ text }) => text.includes(name))).toBe(true);
  expect(rendered.some(({ text }) => text.includes("codex-oauth doctor"))).toBe(true);
});
