import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The peers, each pinned to what the pages in docs/hosts/ speak of. */
export const pinned = {
  client: "@modelcontextprotocol/client@2.4.0",
  conformance: "@modelcontextprotocol/conformance@0.1.16",
  inspector: "@modelcontextprotocol/inspector@2.12.0",
  codex: "@openai/codex@0.169.0",
  gemini: "@google/gemini-cli@0.61.0",
} as const;

export const nodeVersions = { 22: "22.23.3", 24: "24.21.0" } as const;

/**
 * The folder of a package that npm has fetched, once, into `$CODEX_OAUTH_CHECKS_CACHE` or
 * `~/.cache/codex-oauth-checks`. None of its scripts is run.
 *
 * @param wanted name and exact version, as npm writes them
 * @throws Error with npm's own words when it cannot be fetched
 */
export function fetchPackage(wanted: string): string {
  const cache =
    process.env["CODEX_OAUTH_CHECKS_CACHE"] ?? join(homedir(), ".cache/codex-oauth-checks");
  const [, name = ""] = /^(.+)@[^@]+$/.exec(wanted) ?? [];
  const folder = join(cache, wanted.replace(/^@/, "").replaceAll(/[/@]/g, "-"));
  if (!existsSync(folder)) fetchInto(folder, wanted);
  const found = join(folder, "node_modules", name);
  if (!existsSync(found)) throw new Error(`${wanted} is not in ${folder}: remove it and try again`);
  return found;
}

/** Moved into its place when it is whole, so that a broken fetch leaves nothing that looks good. */
function fetchInto(folder: string, wanted: string): void {
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    writeFileSync(join(fresh, "package.json"), '{"private":true}');
    const npm = spawnSync(
      "npm",
      ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", wanted],
      { cwd: fresh, encoding: "utf8", shell: process.platform === "win32" },
    );
    if (npm.status !== 0) {
      throw new Error(`${wanted} could not be fetched:\n${npm.error?.message ?? npm.stderr}`);
    }
    if (!existsSync(folder)) renameSync(fresh, folder); // another run may have been faster
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The program that a fetched package starts under this name, as an absolute path. */
export function programOf(wanted: string, name: string): string {
  const folder = fetchPackage(wanted);
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
  const folder = fetchPackage(`node-${platform}-${process.arch}@${nodeVersions[major]}`);
  return join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
}
