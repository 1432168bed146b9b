// Builds the program where an install brought the packages but no build: Claude Code installs a git
// marketplace with `npm ci --ignore-scripts`.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";

/** The folders that `dataFolder` names; who else keeps something there keeps it. */
const ourBuild = /^build-[0-9a-f]{16}$/;
/** Builds of other versions go when they are that old; who still runs one builds it once more. */
const keptForMs = 30 * 24 * 60 * 60 * 1_000;

/**
 * The path of a fresh bundle, built now if need be; undefined, with the remedy on stderr, when that is
 * not possible. Windows that start together may all build: each renames a whole file into place.
 */
export function bundleFor(root, built, isFresh) {
  const folder = isWritable(root) ? dirname(built) : dataFolder(root);
  if (folder === undefined) {
    if (existsSync(built)) return built;
    complain(
      "its folder is read-only, and every other place for the build is another user's.\n" +
        `  Let the folder's owner run: npm --prefix "${root}" run build\n` +
        "  or name a folder of your own in CODEX_STATE_DIR.",
    );
    return undefined;
  }
  const file = join(folder, "main.cjs");
  if (isFresh(file, root)) return file;
  if (!hasPackages(root)) {
    if (existsSync(built)) return built; // older than the sources, but better than nothing
    complain(`its packages are missing. Run this once:\n  npm --prefix "${root}" ci`);
    return undefined;
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    complain(`no build can be written to ${folder} (${error.code}).`);
    return undefined;
  }
  const build = spawnSync(process.execPath, [join(root, "scripts", "build.mjs"), "--server", file], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (build.status === 0) {
    if (file !== built) removeOldBuilds(folder);
    return file;
  }
  if (existsSync(built)) return built;
  complain(`it could not be built. See what this says:\n  npm --prefix "${root}" run build`);
  return undefined;
}

function isWritable(root) {
  try {
    accessSync(existsSync(join(root, "dist")) ? join(root, "dist") : root, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Beside the plugin's or our own data; a folder for each place and version of the program. */
function dataFolder(root) {
  const { CLAUDE_PLUGIN_DATA: plugin, CODEX_STATE_DIR: state, CLAUDE_CONFIG_DIR: claude } = process.env;
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const place = createHash("sha256").update(`${root}\n${version}`).digest("hex").slice(0, 16);
  const usual = join(homedir(), ".claude", "codex-oauth");
  return [plugin, state, claude && join(claude, "codex-oauth"), usual]
    .filter((path) => path !== undefined && isAbsolute(path))
    .map((path) => join(path, `build-${place}`))
    .find((folder) => !isForeign(folder));
}

/** Whether another user could have put there what would run as this one. */
function isForeign(folder) {
  const uid = process.getuid?.();
  if (uid === undefined) return false;
  return [dirname(folder), folder, join(folder, "main.cjs")].some((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat !== undefined && stat.uid !== 0 && stat.uid !== uid;
  });
}

function removeOldBuilds(mine) {
  const base = dirname(mine);
  for (const name of readdirSync(base)) {
    if (!ourBuild.test(name) || name === basename(mine)) continue;
    try {
      const age = Date.now() - statSync(join(base, name, "main.cjs")).mtimeMs;
      if (age > keptForMs) rmSync(join(base, name), { recursive: true });
    } catch {
      // Not one of ours, or gone by now.
    }
  }
}

/** In the program's own folder: Node would also take the builder that somebody put into a folder above. */
function hasPackages(root) {
  const builder = ["esbuild", `@esbuild/${process.platform}-${process.arch}`];
  return builder.every((name) => existsSync(join(root, "node_modules", name, "package.json")));
}

function complain(what) {
  process.stderr.write(`codex-oauth cannot start: ${what}\n`);
}
