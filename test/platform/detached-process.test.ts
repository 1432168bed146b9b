import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startDetached, withoutSecrets, type DetachedProcess } from "../../src/platform/detached-process.ts";
import { makeHome } from "../support/home.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function end(child: DetachedProcess): Promise<void> {
  while (!child.ended) await turn();
}

/** Starts a script, which finds `report(value)` and `until(path)`; gives the process and the report's path. */
async function start(script: string, env: Record<string, string> = {}) {
  const { path } = makeHome();
  const report = join(path, "report");
  const go = join(path, "go");
  const prelude = `
    const { existsSync, renameSync, writeFileSync } = require("node:fs");
    const report = (value) => {
      writeFileSync(${JSON.stringify(`${report}.new`)}, JSON.stringify(value));
      renameSync(${JSON.stringify(`${report}.new`)}, ${JSON.stringify(report)});
    };
    const untilGo = (then) => existsSync(${JSON.stringify(go)}) ? then() : setTimeout(untilGo, 5, then);
  `;
  const child = await startDetached({ command: process.execPath, args: ["-e", prelude + script], env });
  return { child, report, go };
}

test("a process has no streams and no channel, and only the environment that it is given", async () => {
  const script = `
    const { fstatSync } = require("node:fs");
    const nothing = require("node:fs").statSync("/dev/null");
    report({
      streams: [0, 1, 2].map((fd) => fstatSync(fd).rdev === nothing.rdev),
      channel: typeof process.send,
      env: process.env.GIVEN,
      path: process.env.PATH ?? "none",
    });`;
  const { child, report } = await start(script, { GIVEN: "this" });
  expect(child.pid).toBeGreaterThan(0);
  expect(child.ended).toBe(false);
  await end(child);
  expect(JSON.parse(readFileSync(report, "utf8"))).toEqual({
    streams: [true, true, true],
    channel: "undefined",
    env: "this",
    path: "none",
  });
});

test.skipIf(!existsSync("/proc/self/stat"))("it leads a session of its own (needs /proc)", async () => {
  const { child, go } = await start(`untilGo(() => process.exit());`);
  const [, , , session] = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  expect(Number(session)).toBe(child.pid);
  expect(child.ended).toBe(false);
  writeFileSync(go, "");
  await end(child);
});

test.each([
  ["is killed", `process.kill(process.pid, "SIGKILL");`],
  ["fails", `throw new Error("on purpose");`],
])("a process that %s has ended", async (_, script) => {
  const { child } = await start(script);
  await end(child);
});

test("a program that is not there has ended", async () => {
  const child = await startDetached({ command: "/nonexistent/node", args: [], env: {} });
  await end(child);
  expect(child.pid).toBeUndefined();
});

test("what looks like a secret is not handed on, except what is needed", () => {
  const env = {
    PATH: "/bin",
    HTTPS_PROXY: "http://proxy",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: "/ca.pem",
    CODEX_AUTH_FILE: "/auth.json",
    OPENAI_API_KEY: "k",
    anthropic_api_key: "k",
    GITHUB_TOKEN: "t",
    CLAUDE_CODE_OAUTH_TOKEN: "t",
    AWS_SECRET_ACCESS_ID: "s",
    PGPASSWORD: "p",
    NPM_CONFIG__AUTH: "a",
  };
  expect(Object.keys(withoutSecrets(env, ["CODEX_AUTH_FILE"]))).toEqual([
    "PATH",
    "HTTPS_PROXY",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NODE_EXTRA_CA_CERTS",
    "CODEX_AUTH_FILE",
  ]);
});
