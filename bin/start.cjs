// Starts the built program in this very process, which is the one that a host signals. Where there is
// no build yet (a git install), it is made once. Plain JavaScript without packages: it must run before
// anything has been installed or built.
"use strict";
const { readdirSync, statSync } = require("node:fs");
const { dirname, join } = require("node:path");

const oldestNode = [20, 18, 1];
const root = dirname(__dirname);
const built = join(root, "dist", "main.cjs");

if (isTooOld(process.versions.node)) {
  process.stderr.write(
    `codex-oauth cannot start: it needs Node ${oldestNode.join(".")} or newer, and this is ` +
      `${process.version} (${process.execPath}).\n` +
      "Install a newer one, or put it first in the PATH of the program that starts this one.\n",
  );
  process.exitCode = 1;
} else if (isFresh(built, root)) {
  run(built);
} else {
  void import("./build-once.mjs").then(({ bundleFor }) => {
    const bundle = bundleFor(root, built, isFresh);
    if (bundle === undefined) process.exitCode = 1;
    else run(bundle);
  });
}

function isTooOld(version) {
  const parts = version.split(".").map(Number);
  const at = oldestNode.findIndex((least, place) => parts[place] !== least);
  return at !== -1 && parts[at] < oldestNode[at];
}

function run(bundle) {
  const { runBundle } = require("./run-bundle.cjs");
  // What a server needs compiled is of use to every command, but not the other way round.
  const [, , command = "serve"] = process.argv;
  runBundle(bundle, { keepCompiled: command === "serve" });
}

/** Built, and after the last change of what it is built from; a packed copy has no sources. */
function isFresh(file, folder) {
  const builtAt = changedAt(file);
  return builtAt !== undefined && !hasNewer(join(folder, "src"), builtAt);
}

/** By names alone, without asking what each entry is: this runs at every start. */
function hasNewer(folder, builtAt) {
  return namesIn(folder).some((name) => {
    const path = `${folder}/${name}`;
    return name.endsWith(".ts") ? (changedAt(path) ?? 0) > builtAt : hasNewer(path, builtAt);
  });
}

/** Nothing where there is no folder: what an editor or a file manager leaves behind is no source. */
function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
