import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder of a package that only checks need: whoever installs the plugin does not pay for it. npm
 * fetches it once, into `$CODEX_OAUTH_CHECKS_CACHE` or `~/.cache/codex-oauth-checks`, and runs none of
 * its scripts.
 *
 * @param wanted name and exact version, as npm writes them
 * @param options further ones of `npm install`; `--force` takes a package of another system
 * @throws Error with npm's own words when it cannot be fetched
 */
export function fetchedPackage(wanted: string, ...options: string[]): string {
  const cache = process.env["CODEX_OAUTH_CHECKS_CACHE"] ?? join(homedir(), ".cache/codex-oauth-checks");
  const [, name = ""] = /^(.+)@[^@]+$/.exec(wanted) ?? [];
  const folder = join(cache, wanted.replace(/^@/, "").replaceAll(/[/@]/g, "-"));
  if (!existsSync(folder)) fetchInto(folder, wanted, options);
  const found = join(folder, "node_modules", name);
  if (!existsSync(found)) throw new Error(`${wanted} is not in ${folder}: remove it and try again`);
  return found;
}

/** Moved into its place when it is whole, so that a broken fetch leaves nothing that looks good. */
function fetchInto(folder: string, wanted: string, options: readonly string[]): void {
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    writeFileSync(join(fresh, "package.json"), '{"private":true}');
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"];
    const npm = spawnSync("npm", ["install", ...quiet, ...options, wanted], {
      cwd: fresh,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (npm.status !== 0) {
      throw new Error(`${wanted} could not be fetched:\n${npm.error?.message ?? npm.stderr}`);
    }
    if (!existsSync(folder)) renameSync(fresh, folder); // another run may have been faster
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Load a package that was fetched; the caller says what of it is used. */
export function loadFetched(wanted: string): unknown {
  const folder = fetchedPackage(wanted);
  return createRequire(join(folder, "package.json"))(folder);
}
