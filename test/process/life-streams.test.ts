import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeHome, writeLogin } from "../support/home.ts";
import { RawClient } from "../support/raw-client.ts";
import { simulate, startProcess, type ServerOptions } from "../support/server.ts";

async function start(options: Partial<ServerOptions> = {}) {
  const simulator = await simulate();
  const home = options.home ?? makeHome();
  writeLogin(home, simulator);
  const transport = startProcess({ simulator, ...options, home });
  const client = new RawClient(transport);
  await client.initialize();
  return { simulator, home, transport, client };
}

/** Frames of a stack, as Node prints them. */
const stackTrace = /^\s+at /m;

describe("a stream that is closed on the other side", () => {
  test("stdout: the next call ends the server, without a trace", async () => {
    const { transport, client } = await start({ limits: { shutdownGraceMs: 3_600_000 } });
    await client.expectWorking();
    transport.child.stdout.destroy();
    client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "codex_status" } });
    expect(await transport.exited).toEqual({ code: 0, signal: null });
    expect(transport.stderr).not.toMatch(stackTrace);
  });

  test("stderr: nobody notices, though the log goes there", async () => {
    const { transport, client } = await start();
    transport.child.stderr.destroy();
    for (let n = 0; n < 5; n++) {
      const { result } = await client.call("codex_query", { prompt: "hi" });
      expect(result?.isError).toBeUndefined();
    }
    transport.child.stdin.end();
    expect(await transport.exited).toEqual({ code: 0, signal: null });
  });
});

test("nothing but the protocol is on stdout, however loud Node is made", async () => {
  const noise = join(makeHome().path, "noise.cjs");
  // What a library may do: print, warn, use something deprecated.
  writeFileSync(
    noise,
    `setTimeout(() => {
       for (const how of ["log", "info", "debug", "dir", "table", "warn", "error", "trace", "dirxml"])
         console[how]({ noise: how });
       console.group("noise"); console.groupEnd(); console.count("noise"); console.assert(false, "noise");
       console.time("noise"); console.timeLog("noise"); console.timeEnd("noise");
       process.emitWarning("noise", "DeprecationWarning");
       new Buffer(1);
     }, 0);`,
  );
  const { client, transport } = await start({
    env: { NODE_DEBUG: "*", DEBUG: "*", NODE_OPTIONS: `--trace-warnings --require ${noise}` },
  });
  const { result } = await client.call("codex_query", { prompt: "hi" });
  expect(result?.isError).toBeUndefined();
  expect(transport.stderr.includes("noise: 'dirxml'"), "the noise was made").toBe(true);
  for (const message of client.messages()) expect(message.jsonrpc).toBe("2.0");
});

describe("a defect in a library", () => {
  const faults = {
    "a promise that nobody caught": `Promise.reject(new Error("leak " + secret))`,
    "a throw in a timer": `setTimeout(() => { throw new Error("leak " + secret) }, 0)`,
    "a throw in a socket's handler": `require("node:net").createServer().listen(0, "127.0.0.1", function () {
      require("node:net").connect(this.address().port, "127.0.0.1", () => { throw new Error("leak " + secret) });
    })`,
    "something thrown that is no error": `setTimeout(() => { throw { secret } }, 0)`,
  };

  test.each(Object.entries(faults))("%s ends the server, redacted", async (_, fault) => {
    const home = makeHome();
    const preload = join(home.path, "fault.cjs");
    writeFileSync(
      preload,
      `const fs = require("node:fs");
       process.on("SIGUSR2", () => {
         const secret = JSON.parse(fs.readFileSync(process.env.CODEX_AUTH_FILE, "utf8")).codex.refreshToken;
         ${fault};
       });`,
    );
    const { client, transport } = await start({
      home,
      env: { NODE_OPTIONS: `--require ${preload}` },
    });
    await client.call("codex_query", { prompt: "the login is known from now on" });
    const before = home.readAuth();
    transport.child.kill("SIGUSR2");
    expect(await transport.exited).toEqual({ code: 1, signal: null });
    expect(transport.stderr).toMatch(/^codex-oauth: (Error: leak \[redacted\]|a thrown value)$/m);
    expect(transport.stderr).not.toMatch(stackTrace);
    expect(home.readAuth()).toBe(before);
  });
});

describe("before the first call", () => {
  test.each([
    ["shipped", ""],
    ["test", "1"],
  ] as const)("nothing is written, opened or asked (%s entry, CODEX_DEBUG=%j)", async (entry, debug) => {
    const simulator = await simulate();
    const home = makeHome();
    const transport = startProcess({ simulator, home, entry, env: { CODEX_DEBUG: debug } });
    const client = new RawClient(transport);
    await client.initialize();
    await client.request("tools/list");
    expect(readdirSync(home.path)).toEqual([]);
    expect(simulator.requests).toEqual([]);
    expect(socketsOf(transport.child.pid ?? 0)).toEqual([]);
  });

  test("a login file that never answers a reader does not hold the server up", async () => {
    const home = makeHome();
    execFileSync("mkfifo", [home.authFile]);
    const simulator = await simulate();
    const client = new RawClient(startProcess({ simulator, home }));
    await client.initialize();
    const { result } = await client.call("codex_query", { prompt: "hi" });
    expect(result?.content?.[0]?.text).toMatch(/^STORAGE: .*refused\.\nIt is not a regular file\./);
  });
});

/** The process's sockets of the internet families, by the system's own tables. */
function socketsOf(pid: number): string[] {
  const tables = ["tcp", "tcp6"].map((name) => `/proc/${pid}/net/${name}`).filter(existsSync);
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed meanwhile
      }
    }),
  );
  return tables
    .flatMap((table) => readFileSync(table, "utf8").split("\n").slice(1))
    .filter((line) => inodes.has(line.trim().split(/\s+/)[9] ?? ""));
}
