import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * A package that only checks need, from npm, kept in `$CODEX_OAUTH_CHECKS_CACHE` or
 * `~/.cache/codex-oauth-checks`: whoever installs the plugin does not pay for it. None of its
 * scripts is run.
 *
 * @returns its folder
 * @throws Error with npm's own words when it cannot be fetched
 */
export function fetchedPackage(name: string, version: string): string {
  const cache =
    process.env["CODEX_OAUTH_CHECKS_CACHE"] ?? join(homedir(), ".cache/codex-oauth-checks");
  const kept = join(cache, `${name.split("/").at(-1) ?? name}-${version}`);
  const folder = join(kept, "node_modules", name);
  if (existsSync(folder)) return folder;
  const fresh = `${kept}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    writeFileSync(join(fresh, "package.json"), "{}");
    const wanted = `${name}@${version}`;
    const npm = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", wanted], {
      cwd: fresh,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (npm.status !== 0) throw new Error(`${wanted} could not be fetched:\n${npm.stderr}`);
    rmSync(kept, { recursive: true, force: true });
    renameSync(fresh, kept);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

/** Load a package that was fetched; the caller says what of it is used. */
export function loadFetched(name: string, version: string): unknown {
  const folder = fetchedPackage(name, version);
  return createRequire(join(folder, "package.json"))(folder);
}
