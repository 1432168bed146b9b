import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchedPackage } from "../../support/fetched-package.ts";

/** The peers, each pinned to what the pages in docs/hosts/ speak of. */
export const pinned = {
  client: "@modelcontextprotocol/client@2.4.0",
  conformance: "@modelcontextprotocol/conformance@0.1.16",
  inspector: "@modelcontextprotocol/inspector@2.12.0",
  codex: "@openai/codex@0.169.0",
  gemini: "@google/gemini-cli@0.61.0",
  attw: "@arethetypeswrong/cli@0.18.5",
  publint: "publint@0.3.25",
} as const;

export const nodeVersions = { 22: "22.23.3", 24: "24.21.0" } as const;

/** The program that a fetched package starts under this name, as an absolute path. */
export function programOf(wanted: string, name: string): string {
  const folder = fetchedPackage(wanted);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: Record<string, string>;
  };
  const path = bin[name];
  if (path === undefined) throw new Error(`${wanted} has no program ${name}`);
  return join(folder, path);
}

/** A Node of another major version, from the package that npm's `node` picks for this machine. */
export function nodeProgram(major: keyof typeof nodeVersions): string {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const folder = fetchedPackage(`node-${platform}-${process.arch}@${nodeVersions[major]}`);
  return join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
}
