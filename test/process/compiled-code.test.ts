import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ChildTransport } from "../support/child-transport.ts";
import { root } from "../support/documents.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { installedCopy, type Copy } from "../support/launcher.ts";
import { serverEnvironment, simulate } from "../support/server.ts";

/** Runs until stdin ends, then says a word: of the same length each, as V8's own check goes by it. */
const saysAtTheEnd = (word: string) =>
  `const word = "${word}";
   process.stdin.resume().on("end", () => { process.stdout.write(word); });`;

const folderOf = (copy: Copy) => join(copy.root, "dist/.compiled");
const own = `${process.version}-${process.arch}.bin`;

/** Start and stay until the compiled code has been kept; gives what was said. */
async function runUntilKept(copy: Copy): Promise<string> {
  const folder = folderOf(copy);
  mkdirSync(folder, { recursive: true });
  const kept = new Promise<void>((resolve) => {
    const watcher = watch(folder, () => {
      if (!readdirSync(folder).includes(own)) return;
      watcher.close();
      resolve();
    });
  });
  const { child, ended } = copy.start();
  await kept;
  child.stdin.end();
  return (await ended).stdout;
}

async function runToTheEnd(copy: Copy): Promise<string> {
  const { child, ended } = copy.start();
  child.stdin.end();
  return (await ended).stdout;
}

test("the compiled code of an earlier build is never run, nor damaged code", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(saysAtTheEnd("one"));
  expect(await runUntilKept(copy)).toBe("one");
  const path = join(folderOf(copy), own);
  const whole = readFileSync(path);
  expect(await runToTheEnd(copy)).toBe("one");
  const changed = Buffer.from(whole.toString("latin1").replaceAll("one", "six"), "latin1");
  expect(changed.equals(whole)).toBe(false);
  for (const damaged of [changed, whole.subarray(0, 100), Buffer.alloc(0)]) {
    writeFileSync(path, damaged);
    expect(await runToTheEnd(copy)).toBe("one");
  }
  writeFileSync(path, whole);
  const bundle = join(copy.root, "dist/main.cjs");
  const { atime, mtime } = statSync(bundle);
  copy.writeBuilt(saysAtTheEnd("two"));
  utimesSync(bundle, atime, mtime);
  expect(await runToTheEnd(copy)).toBe("two");
});

test("a server that ends sooner keeps it at its end, if a host has spoken to it", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(saysAtTheEnd("one"));
  const later = join(copy.data, "later.cjs");
  writeFileSync(later, "const now = Date.now; Date.now = () => now() + 60_000;");
  const runWith = async (input: string) => {
    const { child, ended } = copy.start({ NODE_OPTIONS: `--require ${later}` });
    child.stdin.end(input);
    expect((await ended).stdout).toBe("one");
  };
  await runWith("");
  expect(existsSync(folderOf(copy))).toBe(false);
  await runWith("hello");
  expect(readdirSync(folderOf(copy))).toEqual([own]);
});

test("only a server keeps compiled code, since its start is what has to be quick", () => {
  const copy = installedCopy("none");
  copy.writeBuilt(
    `globalThis.setTimeout = (_, ms) => {
       process.stdout.write("keeps it after " + ms);
       return { unref: () => {} };
     }`,
  );
  const launcher = join(copy.root, "bin/codex-oauth.mjs");
  const said = (...command: string[]) =>
    spawnSync(process.execPath, [launcher, ...command], { encoding: "utf8" }).stdout;
  expect(said("serve")).toBe("keeps it after 3000");
  expect(said()).toBe("keeps it after 3000");
  expect(said("login")).toBe("");
});

describe("keeping compiled code", () => {
  const { keep } = createRequire(import.meta.url)("../../bin/keep-compiled.cjs") as {
    keep: (file: string, bytes: Buffer, code: Buffer, now: number) => void;
  };
  const settled = Date.now() + 60_000;
  function bundle() {
    const copy = installedCopy("none");
    copy.writeBuilt("1");
    const file = join(copy.root, "dist/main.cjs");
    return { file, folder: folderOf(copy), bytes: readFileSync(file) };
  }

  test("there is nothing to keep of a file that has changed since, or might without a trace", () => {
    const { file, folder, bytes } = bundle();
    keep(file, Buffer.from("2"), Buffer.from("code"), settled);
    keep(file, bytes, Buffer.from("code"), statSync(file).ctimeMs + 1_999);
    expect(existsSync(folder)).toBe(false);
    keep(file, bytes, Buffer.from("code"), statSync(file).ctimeMs + 2_000);
    expect(readdirSync(folder)).toEqual([own]);
  });

  test("what other versions of Node compiled stays beside it, at most six files in all", () => {
    const { file, folder, bytes } = bundle();
    mkdirSync(folder);
    const others = Array.from({ length: 7 }, (_, n) => `v9${n}.0.0-x64.bin`);
    for (const [n, name] of [`${own}.5`, ...others].entries()) {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), n + 1, n + 1);
    }
    keep(file, bytes, Buffer.from("code"), settled);
    expect(readdirSync(folder).sort()).toEqual([own, ...others.slice(2)].sort());
  });

  test("a folder that cannot be written costs nothing", () => {
    const { file, folder, bytes } = bundle();
    writeFileSync(folder, "in the way");
    keep(file, bytes, Buffer.from("code"), settled);
    expect(readFileSync(folder, "utf8")).toBe("in the way");
  });
});

test("from compiled code, too, a refresh has a process of its own", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(readFileSync(join(root, "dist/main.cjs"), "utf8"));
  await runUntilKept(copy);
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const launcher = join(copy.root, "bin/codex-oauth.mjs");
  const env = serverEnvironment({ simulator, home });
  const transport = new ChildTransport(process.execPath, [launcher, "serve"], env);
  onTestFinished(() => transport.close());
  const params = { name: "codex_query", arguments: { prompt: "hi" } };
  transport.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}\n`);
  expect(await transport.lineWhere((line) => line.includes('"id":1'))).toContain("received: hi");
  expect(readFileSync(join(home.stateDir, "debug.log"), "utf8")).toMatch(/refresh \(expired\) in process \d+: stored/);
});
