import { spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { claimsOf, processGone, refreshPid } from "../support/claims.ts";
import { expectNoSecrets } from "../support/canary.ts";
import { ChildTransport } from "../support/child-transport.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { serverEnvironment, simulate, startServer, testEntry, type ServerOptions } from "../support/server.ts";
import { storeLockOf } from "../support/token-rig.ts";

const onLinux = test.skipIf(!existsSync("/proc/self/stat"));

/** Group and session of a process, and whether it runs (proc(5)). */
function statOf(pid: number): { group: number; session: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // ended, perhaps at this very moment
  }
  const [state, , group, session] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return state === "Z" ? undefined : { group: Number(group), session: Number(session) };
}

/** A server whose refresh, in a process of its own, waits for an answer. */
async function refreshing(options: Partial<ServerOptions> = {}) {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const server = await startServer({ simulator, home, ...options });
  const call = server.call("codex_query", { prompt: "Now?" });
  call.catch(() => undefined);
  await simulator.waitForRequest("token:refresh");
  const answer = (): void => {
    gate.resolve(undefined);
  };
  return { simulator, home, server, call, spent, pid: refreshPid(home) ?? NaN, answer };
}

onLinux("neither its arguments nor its environment hold a secret", async () => {
  const env = {
    OPENAI_API_KEY: "sk-CANARY-api-key",
    ANTHROPIC_API_KEY: "sk-ant-CANARY",
    SOME_SESSION_TOKEN: "CANARY-token",
    DB_PASSWORD: "CANARY-password",
  };
  const { simulator, server, call, pid, answer } = await refreshing({ env });
  expect(pid).not.toBe(server.transport.child.pid);
  const seen = ["cmdline", "environ"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8"));
  for (const text of seen) {
    expectNoSecrets(text, simulator.secrets(), "/proc");
    expect(text).not.toContain("CANARY");
  }
  expect(seen[1]).toContain("CODEX_AUTH_FILE=");
  answer();
  expect((await call).isError).toBe(false);
  await processGone(pid);
});

onLinux("it has a session of its own, and signals do not keep it from saving", async () => {
  const { simulator, home, call, spent, pid, answer } = await refreshing();
  expect(statOf(pid)).toEqual({ group: pid, session: pid });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, signal);
  answer();
  expect((await call).isError).toBe(false);
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
});

onLinux("Ctrl-C in the server's terminal does not reach it", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const server = spawn(process.execPath, [testEntry], {
    env: serverEnvironment({ simulator, home, env: { CODEX_DEBUG: "" } }),
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // the leader of a group, as a terminal's foreground program is
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  const exited = new Promise((resolve) => server.once("exit", resolve));
  const params = { name: "codex_query", arguments: { prompt: "hi" } };
  server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}\n`);
  await simulator.waitForRequest("token:refresh");
  const pid = refreshPid(home) ?? NaN;
  for (const signal of ["SIGINT", "SIGKILL"] as const) process.kill(-(server.pid ?? NaN), signal);
  await exited;
  expect(statOf(pid)).toBeDefined();
  gate.resolve(undefined);
  await processGone(pid);
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
});

onLinux("it ends when the token endpoint never answers", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  simulator.next("token:refresh", { kind: "hang" });
  const server = await startServer({ simulator, home, limits: { tokenRequestTimeoutMs: 500 } });
  const call = server.call("codex_query", { prompt: "Now?" });
  await simulator.waitForRequest("token:refresh");
  const pid = refreshPid(home) ?? NaN;
  expect(await call).toMatchObject({ isError: true, code: "TIMEOUT" });
  await processGone(pid);
  expect(claimsOf(home)).toMatchObject([{ pid, outcome: "unknown" }]);
});

onLinux("what it cannot save when the server is gone, it saves as soon as it can", async () => {
  const { simulator, home, server, spent, pid, answer } = await refreshing();
  writeFileSync(storeLockOf(home), "no lock");
  server.transport.child.kill("SIGKILL");
  await server.transport.exited;
  const request = simulator.requests[0];
  answer();
  await request?.done;
  while (claimsOf(home)[0]?.outcome !== "granted") await new Promise((resolve) => setImmediate(resolve));
  expect(home.record()?.["refreshToken"]).toBe(spent);
  rmSync(storeLockOf(home));
  await processGone(pid);
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
});

onLinux("its life ends, saved or not", async () => {
  const limits = { refreshSaveMs: 1_000 };
  const { home, server, spent, pid, answer } = await refreshing({ limits });
  writeFileSync(storeLockOf(home), "no lock");
  server.transport.child.kill("SIGKILL");
  answer();
  await processGone(pid);
  expect(home.record()?.["refreshToken"]).toBe(spent);
});

test("a server whose program was replaced while it ran refreshes by itself", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const entry = join(home.path, "server.cjs");
  copyFileSync(testEntry, entry);
  const env = serverEnvironment({ simulator, home });
  const transport = new ChildTransport(process.execPath, [entry], env);
  onTestFinished(() => transport.close());
  await transport.lineWhere(asked(transport, "tools/list", {}));
  rmSync(entry);
  const params = { name: "codex_query", arguments: { prompt: "hi" } };
  const line = await transport.lineWhere(asked(transport, "tools/call", params));
  expect(line).toContain("The simulator received: hi");
  expect(transport.stderr).toContain("refreshing in this process");
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
});

/** Sends a request; gives what tells its answer. */
function asked(transport: ChildTransport, method: string, params: object): (line: string) => boolean {
  transport.write(`${JSON.stringify({ jsonrpc: "2.0", id: method, method, params })}\n`);
  return (line) => line.includes(`"id":"${method}"`);
}
