import { spawn } from "node:child_process";
import { describe, expect, onTestFinished, test } from "vitest";
import { answerEvents, type Simulator } from "../simulator/index.ts";
import type { ChildTransport } from "../support/child-transport.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { liveProcess, plantClaim } from "../support/owners.ts";
import { RawClient } from "../support/raw-client.ts";
import { serverEnvironment, shippedEntry, simulate, startProcess } from "../support/server.ts";

/** So long that only an orderly end comes within a test's time, never the emergency exit. */
const hour = 3_600_000;
const limits = { shutdownGraceMs: hour, firstCatalogWaitMs: hour, refreshWaitMs: hour };
const never = new Promise<never>(() => undefined);

async function start(options: { entry?: "shipped"; expired?: boolean } = {}) {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, options.expired ? { accessExpiresInMs: -1_000 } : {});
  const transport = startProcess({ simulator, home, limits, ...options });
  const client = new RawClient(transport);
  await client.initialize();
  return { simulator, home, transport, client };
}

type Running = Awaited<ReturnType<typeof start>>;

function send(client: RawClient, name: string, args: object = {}): void {
  client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } });
}

/** What the server may be in the middle of; each resolves once it is. */
const states: Record<string, (running: Running) => Promise<unknown>> = {
  idle: ({ client }) => client.expectWorking(),
  "mid-stream": async ({ simulator, client, transport }) => {
    const events = answerEvents({ text: "half an answer" }).slice(0, 6);
    simulator.next("responses", { kind: "stream", events: [...events, never] });
    const params = {
      name: "codex_query",
      arguments: { prompt: "hi" },
      _meta: { progressToken: 1 },
    };
    client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    await transport.lineWhere((line) => line.includes("writing, "));
  },
  "waiting for an answer that never begins": async ({ simulator, client }) => {
    simulator.next("responses", { kind: "hang" });
    send(client, "codex_query", { prompt: "hi" });
    await simulator.waitForRequest("responses");
  },
  "waiting for a model list that never comes": async ({ simulator, client }) => {
    simulator.next("models", { kind: "hang" });
    send(client, "codex_query", { prompt: "hi" });
    await simulator.waitForRequest("models");
  },
  "waiting for a person to sign in": async ({ client, transport }) => {
    send(client, "codex_login", { wait_seconds: 600 });
    await lineOfLog(transport, "waiting for the browser");
  },
};

/** Resolves when the log on stderr holds the words. */
function lineOfLog(transport: ChildTransport, words: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (transport.stderr.includes(words)) resolve();
    };
    transport.child.stderr.on("data", look);
    look();
  });
}

describe.each(Object.entries(states))("while %s", (_, reach) => {
  test("the server ends by itself when stdin ends, and says so with exit code 0", async () => {
    const running = await start();
    await reach(running);
    running.transport.child.stdin.end();
    expect(await running.transport.exited).toEqual({ code: 0, signal: null });
  });
});

describe.each(["idle", "mid-stream"])("while %s", (state) => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("it ends at %s", async (signal) => {
    const running = await start();
    await states[state]?.(running);
    running.transport.child.kill(signal);
    expect(await running.transport.exited).toEqual({ code: 0, signal: null });
  });
});

test("the shipped server ends when stdin ends", async () => {
  const { transport, client } = await start({ entry: "shipped" });
  await client.expectWorking();
  transport.child.stdin.end();
  expect(await transport.exited).toEqual({ code: 0, signal: null });
});

test("it does not wait for another window's refresh when it ends", async () => {
  const { home, transport, client } = await start({ expired: true });
  const owner = liveProcess();
  plantClaim(home, String(home.record()?.["refreshToken"]), { owner });
  send(client, "codex_query", { prompt: "hi" });
  await lineOfLog(transport, `waiting for the refresh of process ${owner.pid}`);
  transport.child.stdin.end();
  expect(await transport.exited).toEqual({ code: 0, signal: null });
});

describe("a host that is killed takes the server with it", () => {
  test.each([
    ["idle", undefined],
    ["mid-stream", { name: "codex_query", arguments: { prompt: "hi" } }],
    ["waiting for a person to sign in", { name: "codex_login", arguments: { wait_seconds: 600 } }],
  ])("%s", async (_, params) => {
    const simulator = await simulate();
    const home = makeHome();
    writeLogin(home, simulator);
    const [first, ...rest] = answerEvents({ text: "half" });
    simulator.always("responses", {
      kind: "stream",
      events: [first, ...rest.slice(0, 5), never],
    });
    const host = startHost(simulator, home, params ?? { name: "codex_status" });
    await host.firstOutput;
    if (params?.name === "codex_query") await simulator.waitForRequest("responses");
    host.kill();
    await host.serverGone;
  });
});

/** A process that starts the server, asks one thing, and knows nothing of ending it. */
function startHost(simulator: Simulator, home: Home, params: object) {
  const probe = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const request = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params });
  const program = `
    const { spawn } = require("node:child_process");
    const server = spawn(process.execPath, [${JSON.stringify(shippedEntry)}], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    server.stdout.pipe(process.stdout);
    server.stdin.write(${JSON.stringify(`${probe}\n${request}\n`)});
  `;
  const env = serverEnvironment({ simulator, home, env: { CODEX_DEBUG: "" } });
  const host = spawn(process.execPath, ["-e", program], { env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => {
    host.kill("SIGKILL");
  });
  return {
    kill: () => host.kill("SIGKILL"),
    firstOutput: new Promise((resolve) => host.stdout.once("data", resolve)),
    // The server holds our end of stderr: it ends when the last of both processes has gone.
    serverGone: new Promise((resolve) => host.stderr.resume().once("end", resolve)),
  };
}
