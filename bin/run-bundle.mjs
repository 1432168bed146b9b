// Runs the bundle with V8's compiled code from an earlier start, which spares compiling it again.
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { Module, createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

/** By then the first questions of a host are answered, and the functions that they need compiled. */
const keepAfterMs = 3_000;
/** Several versions of Node may start one copy of the program; 0.5 MB each. */
const keptFiles = 6;

/**
 * The compiled code counts only for the very bytes, Node and processor that it was made with, and only
 * whole: a digest of the source and of the code itself stands before it.
 */
export function runBundle(file) {
  const source = readFileSync(file, "utf8").replace(/^#!.*/, "");
  const digest = createHash("sha256").update(process.version).update(process.arch).update(source);
  const folder = join(dirname(file), ".compiled");
  const name = `${process.version}-${process.arch}-${digest.digest("hex").slice(0, 32)}.bin`;
  const cachedData = readCompiled(join(folder, name));
  // Nothing is set up for an `import()`: in Node 20 it fails as soon as compiled code runs, whatever
  // is set. So it fails at the first start as well, and the build leaves none in the bundle.
  const script = new Script(Module.wrap(source), { filename: file, cachedData });
  const program = { exports: {} };
  script
    .runInThisContext()
    .call(program.exports, program.exports, createRequire(file), program, file, dirname(file));
  if (cachedData === undefined || script.cachedDataRejected === true) {
    setTimeout(() => {
      keepCompiled(folder, name, script.createCachedData());
    }, keepAfterMs).unref();
  }
}

function readCompiled(path) {
  try {
    const kept = readFileSync(path);
    const code = kept.subarray(32);
    return kept.subarray(0, 32).equals(digestOf(code)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: several windows may do this at once. Losing it costs nothing. */
function keepCompiled(folder, name, code) {
  const fresh = join(folder, `${name}.${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(fresh, Buffer.concat([digestOf(code), code]), { mode: 0o644 });
    renameSync(fresh, join(folder, name));
    removeOld(folder, name);
  } catch {
    rmSync(fresh, { force: true });
  }
}

/** What this Node compiled of an older build goes, and the oldest of what other versions compiled. */
function removeOld(folder, name) {
  const mine = `${process.version}-${process.arch}-`;
  const others = [];
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (entry === name) continue;
    if (entry.startsWith(mine)) rmSync(path, { force: true });
    else others.push({ path, at: statSync(path).mtimeMs });
  }
  others.sort((a, b) => b.at - a.at);
  for (const { path } of others.slice(keptFiles - 1)) rmSync(path, { force: true });
}

function digestOf(bytes) {
  return createHash("sha256").update(bytes).digest();
}
