import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { makeHome } from "./home.ts";

/** Why this machine can't give a process mounts of its own; undefined if it can. */
export const noMounts =
  process.platform !== "linux" || process.getuid?.() !== 0
    ? "mounts need root on Linux"
    : spawnSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0
      ? undefined
      : "this machine allows no mount namespace";

/**
 * Runs a module of this project in a process with mounts of its own, which end with it; gives what it printed, as JSON.
 *
 * @param mounts a shell script that mounts
 * @param module TypeScript; its imports are relative to the project's root
 */
export function runWithMounts(mounts: string, module: string, ...args: string[]): unknown {
  const { outputFiles } = buildSync({
    stdin: { contents: module, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' },
    write: false,
    logLevel: "silent",
  });
  const program = join(makeHome().path, "module.mjs");
  writeFileSync(program, outputFiles[0]!.contents);
  const script = `set -e; ${mounts}\nexec "$0" "$@"`;
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    ["--mount", "sh", "-c", script, process.execPath, program, ...args],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}
