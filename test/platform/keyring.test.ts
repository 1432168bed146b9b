import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/platform/clock.ts";
import { locateKeyring, SystemKeyring } from "../../src/platform/keyring.ts";
import { deferred } from "../../src/platform/promises.ts";
import { version } from "../../src/shared/version.ts";
import { fakeClock } from "../support/fake-clock.ts";
import manifest from "../../package.json" with { type: "json" };

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "codex-oauth-keyring-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A package in the place of the real one, whose store does what the code says. */
function stub(code: string): { found: string } {
  const found = scratch();
  writeFileSync(join(found, "index.js"), `exports.AsyncEntry = class { ${code} };`);
  return { found };
}

function keyringOf(
  place: ReturnType<typeof locateKeyring>,
  clock = systemClock,
  execPath = process.execPath,
): SystemKeyring {
  return new SystemKeyring({ clock, env: process.env, execPath, locate: () => place });
}

/** A local socket; `opened` and `closed` tell when the stub's process has connected, and when it is gone. */
async function lifeline(): Promise<{ path: string; opened: Promise<undefined>; closed: Promise<undefined> }> {
  const path = join(scratch(), "life");
  const [opened, closed] = [deferred<undefined>(), deferred<undefined>()];
  const server: Server = createServer((socket) => {
    opened.resolve(undefined);
    socket
      .on("error", () => undefined)
      .on("close", () => {
        closed.resolve(undefined);
      });
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return { path, opened: opened.promise, closed: closed.promise };
}

test("it asks for this program's entries, in the Secret Service and not in the kernel's keyring", async () => {
  const keyring = keyringOf(
    stub(`
      constructor(...args) { this.args = args; }
      async getPassword() { return JSON.stringify(this.args); }
    `),
  );
  expect(JSON.parse((await keyring.get("login 1")) ?? "")).toEqual([
    "codex-oauth",
    "login 1",
    { linux: { store: "secret-service" } },
  ]);
});

test("an entry that is not there is undefined", async () => {
  expect(await keyringOf(stub("async getPassword() { return null; }")).get("login 1")).toBeUndefined();
});

test("what is stored is read back, and a store that forgets it is CONFIG", async () => {
  const keeps = stub("async setPassword(secret) { this.kept = secret; } async getPassword() { return this.kept; }");
  await keyringOf(keeps).set("login 1", "secret");
  const forgets = stub("async setPassword() {} async getPassword() { return null; }");
  await expect(keyringOf(forgets).set("login 1", "secret")).rejects.toMatchObject({ code: "CONFIG" });
});

test.each([
  ["in its constructor", 'constructor() { throw new Error("no bus\\u001b[31m"); }'],
  ["in a call", 'async getPassword() { throw new Error("no bus\\u001b[31m"); }'],
])("what the store throws %s is CONFIG, with its words cleaned", async (_, code) => {
  const error = await keyringOf(stub(code))
    .get("login 1")
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "CONFIG", details: { why: expect.stringContaining("no bus") as string } });
  expect(JSON.stringify((error as { details: object }).details)).not.toContain("u001b");
});

test.each([
  ["the constructor blocks its thread", "constructor() { CONNECT; for (;;); }"],
  ["the call never ends", "getPassword() { CONNECT; return new Promise(() => undefined); }"],
])("where %s, the wait ends with CONFIG after ten seconds, and so does the process that asked", async (_, code) => {
  const life = await lifeline();
  const clock = fakeClock();
  const connect = `this.s = require("node:net").connect(${JSON.stringify(life.path)})`;
  const asked = keyringOf(stub(code.replace("CONNECT", connect)), clock).get("login 1");
  asked.catch(() => undefined);
  await life.opened;
  await clock.advance(9_999);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  await expect(asked).rejects.toMatchObject({
    code: "CONFIG",
    message: "The system's keyring did not answer within 10 seconds.",
  });
  await life.closed;
});

test("a helper that dies, and one that cannot be started, is CONFIG", async () => {
  const dies = stub("getPassword() { process.kill(process.pid, 'SIGKILL'); }");
  await expect(keyringOf(dies).get("login 1")).rejects.toMatchObject({ code: "CONFIG" });
  const never = keyringOf(dies, systemClock, join(scratch(), "no-node"));
  await expect(never.get("login 1")).rejects.toMatchObject({ code: "CONFIG" });
});

test("without the package it is CONFIG, and the command to install it names the folder and the release", async () => {
  const error = await keyringOf({ missingFrom: "/opt/codex oauth" })
    .get("login 1")
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "CONFIG" });
  const pinned = manifest.devDependencies["@napi-rs/keyring"];
  expect(pinned).toMatch(/^\d+\.\d+\.\d+$/);
  expect(JSON.stringify(error)).toContain(String.raw`--prefix \"/opt/codex oauth\" @napi-rs/keyring@${pinned}`);
});

/** A file of this package, installed in this folder. */
function installed(root: string, name = "codex-oauth-mcp"): string {
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ name, version }));
  const file = join(root, "dist/main.cjs");
  writeFileSync(file, "");
  return file;
}

function addPackage(folder: string): string {
  const path = join(folder, "@napi-rs/keyring");
  mkdirSync(path, { recursive: true });
  return path;
}

test("the package is taken from this one's folder, or from beside it in node_modules, also through a link", () => {
  const top = scratch();
  const root = join(top, "node_modules/codex-oauth-mcp");
  const file = installed(root);
  expect(locateKeyring([file])).toEqual({ missingFrom: root });
  const beside = addPackage(join(top, "node_modules"));
  expect(locateKeyring([file])).toEqual({ found: beside });
  const own = addPackage(join(root, "node_modules"));
  expect(locateKeyring([file])).toEqual({ found: own });
  symlinkSync(file, join(top, "codex-oauth"));
  expect(locateKeyring([join(top, "codex-oauth")])).toEqual({ found: own });
});

test("no package of a folder above runs, nor one of another program", () => {
  const top = scratch();
  addPackage(join(top, "node_modules"));
  const root = join(top, "work/codex-oauth");
  expect(locateKeyring([installed(root)])).toEqual({ missingFrom: root });
  const other = join(top, "other");
  addPackage(join(other, "node_modules"));
  expect(locateKeyring([installed(other, "other"), undefined, join(top, "nothing")])).toEqual({ missingFrom: "" });
});

test("a build outside the package finds it by the program that was started", () => {
  const top = scratch();
  const root = join(top, "codex-oauth");
  const started = installed(root);
  const found = addPackage(join(root, "node_modules"));
  const built = join(top, "state/build/main.cjs");
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, "");
  expect(locateKeyring([built, started])).toEqual({ found });
});
