import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { ChildTransport } from "../support/child-transport.ts";
import { processGone, refreshPid } from "../support/claims.ts";
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
const modeOf = (path: string) => statSync(path).mode & 0o777;
const { label, readIdentified } = createRequire(import.meta.url)("../../bin/run-bundle.cjs") as {
  label: (identity: string, code: Buffer) => string;
  readIdentified: (file: string) => { bytes: Buffer; identity: string };
};

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

/** Start, and let it keep the compiled code at its end, which is sooner; gives what was said. */
async function keepAtTheEnd(copy: Copy, preloaded = ""): Promise<string> {
  const preload = join(copy.data, "preload.cjs");
  // What was written a moment ago might change once more without a trace.
  writeFileSync(preload, `${preloaded} const now = Date.now; Date.now = () => now() + 60_000;`);
  const { child, ended } = copy.start({ NODE_OPTIONS: `--require ${preload}` });
  child.stdin.end("hello");
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

  test.skipIf(process.platform === "win32")("a folder that others may write is emptied and closed first", () => {
    const { file, folder, bytes } = bundle();
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    writeFileSync(join(folder, own), "planted");
    writeFileSync(join(folder, "v90.0.0-x64.bin"), "planted");
    mkdirSync(join(folder, "a/b"), { recursive: true });
    keep(file, bytes, Buffer.from("code"), settled);
    expect(readdirSync(folder).sort()).toEqual(["a", own]);
    expect(readFileSync(join(folder, own), "utf8")).toMatch(/code$/);
    expect([modeOf(folder), modeOf(join(folder, own))]).toEqual([0o700, 0o600]);
  });

  test.skipIf(process.platform === "win32")("a link in the folder's place is left alone, and what it leads to", () => {
    const { file, folder, bytes } = bundle();
    const elsewhere = join(folder, "../../elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "notes"), "mine");
    symlinkSync(elsewhere, folder);
    keep(file, bytes, Buffer.from("code"), settled);
    expect(readdirSync(elsewhere)).toEqual(["notes"]);
  });

  // Only root can give a folder away.
  test.runIf(process.getuid?.() === 0)("another user's folder is left as it is", () => {
    const { file, folder, bytes } = bundle();
    mkdirSync(folder);
    writeFileSync(join(folder, "theirs"), "");
    chownSync(folder, 1234, 1234);
    keep(file, bytes, Buffer.from("code"), settled);
    expect(readdirSync(folder)).toEqual(["theirs"]);
  });

  test("a folder that cannot be written costs nothing", () => {
    const { file, folder, bytes } = bundle();
    writeFileSync(folder, "in the way");
    keep(file, bytes, Buffer.from("code"), settled);
    expect(readFileSync(folder, "utf8")).toBe("in the way");
  });
});

test("a server without a umask keeps compiled code that nobody else may read or write", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(saysAtTheEnd("one"));
  const folder = folderOf(copy);
  expect(await keepAtTheEnd(copy, "process.umask(0);")).toBe("one");
  expect([modeOf(folder), modeOf(join(folder, own))]).toEqual([0o700, 0o600]);
});

test("a server goes on where the program's folder has vanished before the code is kept", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(saysAtTheEnd("one"));
  const preload = join(copy.data, "preload.cjs");
  const vanish = `require("node:fs").rmSync(${JSON.stringify(copy.root)}, { recursive: true });`;
  // The timer of three seconds rings at once.
  const ring = `const later = setTimeout; globalThis.setTimeout = (run) => later(() => { ${vanish} run(); }, 0);`;
  writeFileSync(preload, ring);
  const { child, ended } = copy.start({ NODE_OPTIONS: `--require ${preload}` });
  await expect.poll(() => existsSync(copy.root)).toBe(false);
  child.stdin.end("hello");
  expect(await ended).toEqual({ code: 0, stdout: "one", stderr: "" });
});

describe.skipIf(process.platform === "win32")("compiled code that another user may have put there", () => {
  const other = 1234;
  const isRoot = process.getuid?.() === 0;

  /** Code of another program under a label that fits: it runs wherever it is trusted. */
  async function planted(): Promise<{ copy: Copy; folder: string; path: string }> {
    const [copy, source] = [installedCopy("none"), installedCopy("none")];
    copy.writeBuilt(saysAtTheEnd("one"));
    source.writeBuilt(saysAtTheEnd("six"));
    await keepAtTheEnd(source);
    const code = readFileSync(join(folderOf(source), own)).subarray(256);
    const folder = folderOf(copy);
    const path = join(folder, own);
    mkdirSync(folder, { mode: 0o700 });
    const { identity } = readIdentified(join(copy.root, "dist/main.cjs"));
    writeFileSync(path, Buffer.concat([Buffer.from(label(identity, code), "latin1"), code]), { mode: 0o600 });
    return { copy, folder, path };
  }

  test("it would run if it looked like one's own", async () => {
    const { copy } = await planted();
    expect(await runToTheEnd(copy)).toBe("six");
  });

  const disguises: [string, (at: { copy: Copy; folder: string; path: string }) => void][] = [
    [
      "in a folder that others may write",
      ({ folder }) => {
        chmodSync(folder, 0o777);
      },
    ],
    [
      "in a folder that a group may write",
      ({ folder }) => {
        chmodSync(folder, 0o770);
      },
    ],
    [
      "in a file that others may write",
      ({ path }) => {
        chmodSync(path, 0o666);
      },
    ],
    [
      "behind a link in place of the file",
      ({ copy, path }) => {
        renameSync(path, join(copy.data, "code"));
        symlinkSync(join(copy.data, "code"), path);
      },
    ],
    [
      "behind a link in place of the folder",
      ({ copy, folder }) => {
        renameSync(folder, join(copy.data, "code"));
        symlinkSync(join(copy.data, "code"), folder);
      },
    ],
  ];
  test.each(disguises)("is not run: %s", async (_, disguise) => {
    const at = await planted();
    disguise(at);
    expect(await runToTheEnd(at.copy)).toBe("one");
  });

  // Only root can give a file away, or start a process of another user.
  test.runIf(isRoot)("is not run: another user's file, or folder", async () => {
    const at = await planted();
    chownSync(at.path, other, other);
    expect(await runToTheEnd(at.copy)).toBe("one");
    chownSync(at.path, 0, 0);
    chownSync(at.folder, other, other);
    expect(await runToTheEnd(at.copy)).toBe("one");
  });

  test.runIf(isRoot)("is not run: what another user writes into a folder that was left open", async () => {
    const { copy, folder, path } = await planted();
    const theirs = readFileSync(path);
    rmSync(path);
    chmodSync(folder, 0o777);
    const write = `require("node:fs").writeFileSync(${JSON.stringify(path)}, require("node:fs").readFileSync(0));`;
    const as = { input: theirs, uid: other, gid: other, cwd: folder, encoding: "utf8" } as const;
    const { stderr } = spawnSync(process.execPath, ["-e", write], as);
    expect([stderr, statSync(path).uid]).toEqual(["", other]);
    expect(await runToTheEnd(copy)).toBe("one");
  });
});

test("from compiled code, too, a refresh has a process of its own", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(readFileSync(join(root, "dist/main.cjs"), "utf8"));
  await runUntilKept(copy);
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const launcher = join(copy.root, "bin/codex-oauth.mjs");
  const env = serverEnvironment({ simulator, home });
  const transport = new ChildTransport(process.execPath, [launcher, "serve"], env);
  onTestFinished(() => transport.close());
  const params = { name: "codex_query", arguments: { prompt: "hi" } };
  transport.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}\n`);
  await simulator.waitForRequest("token:refresh");
  const pid = refreshPid(home) ?? NaN;
  expect(pid).toBeGreaterThan(0);
  expect(pid).not.toBe(transport.child.pid);
  gate.resolve(undefined);
  expect(await transport.lineWhere((line) => line.includes('"id":1'))).toContain("received: hi");
  await processGone(pid);
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
  expect(readFileSync(join(home.stateDir, "debug.log"), "utf8")).not.toContain("refreshing in this process");
});
