// Runs the bundle with V8's compiled code from an earlier start, which spares compiling it again.
"use strict";
const { isAscii } = require("node:buffer");
const { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } = require("node:fs");
const { Module, createRequire } = require("node:module");
const { dirname } = require("node:path");
const { Script } = require("node:vm");
const { crc32 = () => 0 } = require("node:zlib"); // since Node 20.15 and 22.2

/** By then the first questions of a host are answered, and the functions that they need compiled. */
const keepAfterMs = 3_000;

/** Before the code: which file and which Node it belongs to, and its own length and checksum. */
const labelLength = 256;

exports.runBundle = (file, { keepCompiled }) => {
  const { bytes, identity } = readIdentified(file);
  const cachedData = readCompiled(compiledPath(file), identity);
  // Nothing is set up for an `import()`: in Node 20 it fails as soon as compiled code runs, whatever
  // is set. So it fails at the first start as well, and the build leaves none in the bundle.
  const source = Module.wrap(isAscii(bytes) ? bytes.latin1Slice() : bytes.utf8Slice());
  const script = new Script(source, { filename: file, cachedData });
  const program = { exports: {} };
  script.runInThisContext().call(program.exports, program.exports, createRequire(file), program, file, dirname(file));
  if (keepCompiled && (cachedData === undefined || script.cachedDataRejected === true)) {
    keepLater(() => {
      try {
        require("./keep-compiled.cjs").keep(file, bytes, script.createCachedData());
      } catch {
        // The program's folder is gone by now: a host has replaced it by another version's.
      }
    });
  }
};

/** Once the server has worked: in a while, or at its end if that is sooner and a host has spoken to it. */
function keepLater(keep) {
  const timer = setTimeout(() => {
    process.off("exit", atTheEnd);
    keep();
  }, keepAfterMs).unref();
  const atTheEnd = () => {
    clearTimeout(timer);
    if (process.stdin.bytesRead > 0) keep();
  };
  process.on("exit", atTheEnd);
}

function compiledPath(file) {
  return `${dirname(file)}/.compiled/${process.version}-${process.arch}.bin`;
}

/**
 * The file, and what tells it from every other that was or will be at its place: a change of one byte
 * gives another time of change, a replaced file has another number. A digest would say the same, and
 * cost each start several milliseconds.
 */
function readIdentified(file) {
  const handle = openSync(file, "r");
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = fstatSync(handle, { bigint: true });
    const identity = [process.version, process.arch, dev, ino, size, mtimeNs, ctimeNs].join(" ");
    return { bytes: readFileSync(handle), identity };
  } finally {
    closeSync(handle);
  }
}

/**
 * Compiled code that is whole and labelled with this very file; V8 itself refuses what another V8 made. The label
 * can be forged, so nobody else may have been able to write there.
 */
function readCompiled(path, identity) {
  let kept;
  try {
    if (!isOurs(lstatSync(dirname(path)), "isDirectory")) return undefined;
    // Windows has neither flag; NONBLOCK: a pipe must not be waited for.
    const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    const handle = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      if (!isOurs(fstatSync(handle), "isFile")) return undefined;
      kept = readFileSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    return undefined;
  }
  const code = kept.subarray(labelLength);
  return kept.toString("latin1", 0, labelLength) === label(identity, code) ? code : undefined;
}

/** Whether it is of that kind, belongs to this user or root, and can be written by nobody else. */
function isOurs(stat, kind) {
  const uid = process.getuid?.();
  if (!stat[kind]()) return false;
  return uid === undefined || ((stat.uid === uid || stat.uid === 0) && (stat.mode & 0o022) === 0);
}

function label(identity, code) {
  return `${identity} ${code.length} ${crc32(code)}`.padEnd(labelLength).slice(0, labelLength);
}

exports.compiledPath = compiledPath;
exports.isOurs = isOurs;
exports.label = label;
exports.readIdentified = readIdentified;
