import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Home } from "./home.ts";
import { visit } from "./visit.ts";

/** What the program that opens the browser does in a test. */
export type OpenerBehaviour = "follows the URL" | "fails" | "hangs" | "is missing";

export interface Opener {
  /** The search path on which it is the first, or the only one. */
  path: string;
  /** What it was called with, one list per call. */
  calls: () => string[][];
  /** The search path of each call. */
  searchPaths: () => string[];
  /** The processes that were called. */
  processes: () => { pid: number; argv: string[] }[];
}

const scripts = {
  "follows the URL": `(${visit.toString()})(process.argv[2])`,
  fails: "process.exitCode = 3;",
  hangs: 'process.on("SIGTERM", () => process.exit()); setInterval(() => {}, 1e6);',
};

/** A stand-in of xdg-open that writes down how it was called. */
export function makeOpener(home: Home, behaviour: OpenerBehaviour): Opener {
  const folder = join(home.path, "bin");
  const record = join(home.path, "opener.jsonl");
  mkdirSync(folder);
  if (behaviour === "is missing") {
    return { path: folder, calls: () => [], searchPaths: () => [], processes: () => [] };
  }
  const script = [
    `#!${process.execPath}`,
    'const { appendFileSync } = require("node:fs");',
    `const call = JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), searchPath: process.env.PATH }) + "\\n";`,
    `appendFileSync(${JSON.stringify(record)}, call);`,
    `void (async () => { ${scripts[behaviour]} })();`,
  ];
  writeFileSync(join(folder, "xdg-open"), script.join("\n"), { mode: 0o755 });
  const read = (): { pid: number; argv: string[]; searchPath: string }[] => {
    const lines = existsSync(record) ? readFileSync(record, "utf8").trimEnd().split("\n") : [];
    return lines.map((line) => JSON.parse(line) as ReturnType<typeof read>[number]);
  };
  onTestFinished(() => {
    if (behaviour !== "hangs") return;
    for (const { pid } of read()) process.kill(pid);
  });
  const path = `${folder}:${process.env["PATH"] ?? ""}`;
  return {
    path,
    calls: () => read().map(({ argv }) => argv),
    searchPaths: () => read().map(({ searchPath }) => searchPath),
    processes: read,
  };
}
