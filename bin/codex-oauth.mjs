#!/usr/bin/env node
// Starts the built program in this very process, which is the one that a host signals. Where there is
// no build yet (a git install), it is made once. Plain JavaScript without packages: it must run before
// anything has been installed or built.
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runBundle } from "./run-bundle.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, "dist", "main.cjs");

const bundle = isFresh(built, root)
  ? built
  : await import("./build-once.mjs").then(({ bundleFor }) => bundleFor(root, built, isFresh));
if (bundle === undefined) process.exitCode = 1;
else runBundle(bundle);

/** Built, and after the last change of what it is built from; a packed copy has no sources. */
function isFresh(file, folder) {
  const builtAt = modifiedAt(file);
  if (builtAt === undefined) return false;
  return newest(join(folder, "src"), builtAt) <= builtAt;
}

function newest(folder, until) {
  let latest = 0;
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return latest;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path, until) : (modifiedAt(path) ?? 0));
    if (latest > until) return latest;
  }
  return latest;
}

function modifiedAt(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}
