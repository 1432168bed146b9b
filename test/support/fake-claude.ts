import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "./home.ts";

/** A `claude` of the test's own, which writes down how it was called. */
export interface FakeClaude {
  /** For PATH: nothing else is found there. */
  folder: string;
  /** The arguments of each call so far. */
  calls: () => string[][];
}

export interface FakeClaudeOptions {
  /** Whether it says that plugin and marketplace are there. */
  installed?: boolean;
  /** The call that fails, by its first two words. */
  fails?: string;
}

export function fakeClaude(home: Home, { installed = false, fails = "-" }: FakeClaudeOptions = {}): FakeClaude {
  const folder = join(home.path, "bin");
  const record = join(home.path, "claude-calls");
  const listed = JSON.stringify([{ id: "codex-oauth@codex-oauth", name: "codex-oauth" }]);
  const program = `#!${process.execPath}
const { appendFileSync } = require("node:fs");
const words = process.argv.slice(2);
appendFileSync(${JSON.stringify(record)}, JSON.stringify(words) + "\\n");
if (words.includes("list")) console.log(${JSON.stringify(installed ? listed : "[]")});
if (words.slice(0, 2).join(" ") === ${JSON.stringify(fails)} && !words.includes("list")) {
  console.error("claude's own words");
  process.exit(7);
}
`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "claude"), program);
  chmodSync(join(folder, "claude"), 0o755);
  return {
    folder,
    calls: () =>
      existsSync(record)
        ? readFileSync(record, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as string[])
        : [],
  };
}
