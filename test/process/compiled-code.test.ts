import { mkdirSync, readdirSync, readFileSync, utimesSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
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
const own = `${process.version}-${process.arch}-`;

/** Start and stay until the compiled code has been kept; gives what was said. */
async function runUntilKept(copy: Copy): Promise<string> {
  const folder = folderOf(copy);
  mkdirSync(folder, { recursive: true });
  const kept = new Promise<void>((resolve) => {
    const watcher = watch(folder, () => {
      if (!readdirSync(folder).some((name) => name.startsWith(own) && name.endsWith(".bin")))
        return;
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
  const [name = ""] = readdirSync(folderOf(copy));
  const path = join(folderOf(copy), name);
  const whole = readFileSync(path);
  expect(await runToTheEnd(copy)).toBe("one");
  const changed = Buffer.from(whole.toString("latin1").replaceAll("one", "six"), "latin1");
  expect(changed.equals(whole)).toBe(false);
  for (const damaged of [changed, whole.subarray(0, 100), Buffer.alloc(0)]) {
    writeFileSync(path, damaged);
    expect(await runToTheEnd(copy)).toBe("one");
  }
  writeFileSync(path, whole);
  copy.writeBuilt(saysAtTheEnd("two"));
  expect(await runToTheEnd(copy)).toBe("two");
});

test("what other versions of Node compiled stays beside it, at most six files in all", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(saysAtTheEnd("one"));
  mkdirSync(folderOf(copy));
  const others = Array.from({ length: 7 }, (_, n) => `v9${n}.0.0-x64-${"0".repeat(32)}.bin`);
  for (const [n, name] of [...others, `${own}${"0".repeat(32)}.bin.5`].entries()) {
    writeFileSync(join(folderOf(copy), name), "");
    utimesSync(join(folderOf(copy), name), n + 1, n + 1);
  }
  await runUntilKept(copy);
  const left = readdirSync(folderOf(copy)).sort();
  expect(left).toEqual([
    expect.stringMatching(/^v\d+\.\d+\.\d+-\w+-[0-9a-f]{32}\.bin$/),
    ...others.slice(2),
  ]);
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
  expect(readFileSync(join(home.stateDir, "debug.log"), "utf8")).toMatch(
    /refresh \(expired\) in process \d+: stored/,
  );
});
