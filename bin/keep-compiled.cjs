// Keeps what V8 compiled for the next start. Loaded only where nothing of use was kept yet.
"use strict";
const fs = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { compiledPath, isOurs, label, readIdentified } = require("./run-bundle.cjs");

/** Several versions of Node may start one copy of the program; 0.6 MB each. */
const keptFiles = 6;
/** File systems tell two changes apart only if they are this far from each other (FAT is the worst). */
const coarsestMs = 2_000;

/**
 * Written aside, flushed and renamed: several windows may do this at once, and a crash leaves the old
 * file or the new one. Losing it costs nothing. `bytes` is what was compiled; it must still be there,
 * and for so long that the next change gets another time.
 */
exports.keep = (file, bytes, code, now = Date.now()) => {
  const path = compiledPath(file);
  const fresh = `${path}.${process.pid}`;
  try {
    const there = readIdentified(file);
    if (!there.bytes.equals(bytes)) return;
    if (now - fs.statSync(file).ctimeMs < coarsestMs) return;
    if (!makeFolder(dirname(path))) return;
    const kept = Buffer.concat([Buffer.from(label(there.identity, code), "latin1"), code]);
    fs.writeFileSync(fresh, kept, { mode: 0o600, flag: "wx", flush: true });
    fs.renameSync(fresh, path);
    removeOld(dirname(path), basename(path));
  } catch {
    remove(fresh);
  }
};

/**
 * Makes a folder of this user alone; false where something else stands in its place. One's own that others could
 * write is closed, then emptied: nobody knows who put there what it holds.
 */
function makeFolder(folder) {
  const there = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (there === undefined) fs.mkdirSync(folder, { mode: 0o700 });
  else if (!isOurs(there, "isDirectory")) {
    if (!there.isDirectory() || there.uid !== process.getuid()) return false;
    fs.chmodSync(folder, 0o700);
    for (const name of fs.readdirSync(folder)) remove(join(folder, name));
  }
  return true;
}

/** The oldest of what other versions of Node compiled, and what a crash has left of this one. */
function removeOld(folder, name) {
  const others = fs
    .readdirSync(folder)
    .filter((entry) => entry !== name)
    .map((entry) => ({ path: join(folder, entry), at: fs.statSync(join(folder, entry)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of others.slice(keptFiles - 1)) remove(path);
}

function remove(path) {
  try {
    fs.rmSync(path, { force: true });
  } catch {
    // Where it cannot be removed, it could not be written either; or it is a folder, which is never read.
  }
}
