import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The host that these tests were written against. */
const version = "2.1.329";

/**
 * The real Claude Code, from npm, kept in `$CODEX_OAUTH_CHECKS_CACHE` or `~/.cache/codex-oauth-checks`.
 * None of its scripts is run: its platform's package holds the program.
 *
 * @throws Error with npm's own words when it cannot be fetched; the suite then fails as a whole.
 */
export function claudeProgram(): string {
  const cache =
    process.env["CODEX_OAUTH_CHECKS_CACHE"] ?? join(homedir(), ".cache/codex-oauth-checks");
  const folder = join(cache, `claude-code-${version}`);
  const platform = `claude-code-${process.platform}-${process.arch}`;
  const program = join(folder, "node_modules/@anthropic-ai", platform, "claude");
  if (existsSync(program)) return program;
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    writeFileSync(join(fresh, "package.json"), "{}");
    const wanted = `@anthropic-ai/claude-code@${version}`;
    const npm = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", wanted], {
      cwd: fresh,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (npm.status !== 0) throw new Error(`${wanted} could not be fetched:\n${npm.stderr}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  if (!existsSync(program)) throw new Error(`npm brought no ${platform} for this machine`);
  return program;
}
