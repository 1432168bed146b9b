import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { expect, onTestFinished, test } from "vitest";
import { expectNoSecrets } from "../support/canary.ts";
import { ChildTransport } from "../support/child-transport.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { serverEnvironment, simulate, startServer, testEntry, toAnswer, type TestServer } from "../support/server.ts";
import { storeLockOf } from "../support/token-rig.ts";

function query({ call }: TestServer): ReturnType<TestServer["call"]> {
  return call("codex_query", { prompt: "Now?" });
}

test("a damaged login file asks to sign in, says where it was put, and lives on there", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const server = await startServer({ simulator, home });
  const { refreshToken } = writeLogin(home, simulator);
  const whole = readFileSync(home.authFile);
  const inTheToken = whole.indexOf(refreshToken) + 10;
  for (const end of [0, 1, inTheToken, whole.length - 1]) {
    writeFileSync(home.authFile, whole.subarray(0, end));
    expect((await server.call("codex_status")).text).toContain("damaged");
    const answer = await query(server);
    expect(answer.code).toBe("AUTH_REQUIRED");
    const aside = join(home.path, readdirSync(home.path).find((name) => name.includes(".damaged-")) ?? "");
    expect(answer.text).toContain(aside);
    expect(readFileSync(aside).equals(whole.subarray(0, end))).toBe(true);
    rmSync(aside);
  }
  writeFileSync(home.authFile, whole);
  expect((await query(server)).isError).toBe(false);
});

test("a login file that must not be used is refused by path, and stays as it is", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const server = await startServer({ simulator, home });
  const refusals: [string, () => void][] = [
    [
      "a symbolic link",
      () => {
        symlinkSync(join(home.path, "elsewhere.json"), home.authFile);
      },
    ],
    ["a regular file", () => execFileSync("mkfifo", [home.authFile])],
    [
      "a regular file",
      () => {
        mkdirSync(home.authFile);
      },
    ],
    ["a newer codex-oauth", () => writeLogin(home, simulator, { extraFields: { version: 99 } })],
  ];
  for (const [why, plant] of refusals) {
    plant();
    for (const answer of [await query(server), await server.call("codex_clear")]) {
      expect(answer, why).toMatchObject({ code: "STORAGE" });
      expect(answer.text).toContain(home.authFile);
      expect(answer.text).toContain(why);
    }
    expect((await server.call("codex_status")).text).toContain("STORAGE: ");
    rmSync(home.authFile, { recursive: true });
  }
  expect(existsSync(join(home.path, "elsewhere.json"))).toBe(false);
  expect(simulator.requests).toEqual([]);
});

test("fields of others and of newer versions survive a refresh", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator, {
    accessExpiresInMs: -1_000,
    others: { theirs: { deep: [{ deeper: null }] } },
    extraFields: { later: { nested: { deeply: true } } },
  });
  expect((await query(await startServer({ simulator, home }))).isError).toBe(false);
  expect(JSON.parse(home.readAuth())).toMatchObject({
    theirs: { deep: [{ deeper: null }] },
    codex: {
      later: { nested: { deeply: true } },
      refreshToken: simulator.family(refreshToken)?.current,
    },
  });
});

const strangeLocks: [string, (path: string) => void][] = [
  [
    "a file",
    (path) => {
      writeFileSync(path, "");
    },
  ],
  [
    "a link",
    (path) => {
      symlinkSync("/tmp", path);
    },
  ],
  ["a FIFO", (path) => execFileSync("mkfifo", [path])],
  [
    "a folder with junk",
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "junk"), "");
    },
  ],
];

test("whatever stands in a lock's place is told with the remedy, and nothing is spent", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const server = await startServer({ simulator, home });
  writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const path = storeLockOf(home);
  for (const [what, plant] of strangeLocks) {
    plant(path);
    const answer = await query(server);
    expect(answer, what).toMatchObject({ code: "STORAGE" });
    expect(answer.text).toContain(`They can remove ${path}.`);
    rmSync(path, { recursive: true });
  }
  expect(simulator.requests).toEqual([]);
  expect((await query(server)).isError).toBe(false);
});

/** A server that may not write files of more than a few kilobytes. */
async function startLimited(simulator: Parameters<typeof writeLogin>[1], home: Home) {
  const limited = 'ulimit -f 32 && exec "$0" "$1"'; // blocks of 512 or 1024 bytes, by the shell
  const env = serverEnvironment({ simulator, home });
  const transport = new ChildTransport("sh", ["-c", limited, process.execPath, testEntry], env);
  const client = new Client({ name: "codex-oauth-tests", version: "1.0.0" });
  onTestFinished(() => client.close());
  await client.connect(transport);
  return { client, transport };
}

test("where the new token could not be saved, the old one is not spent", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const before = home.readAuth();
  const { client, transport } = await startLimited(simulator, home);
  for (let call = 0; call < 2; call++) {
    const result = await client.callTool({ name: "codex_query", arguments: { prompt: "Now?" } });
    const answer = toAnswer(result as CallToolResult);
    expect(answer.code).toBe("STORAGE");
    expect(answer.text).toContain(`${home.authFile} (EFBIG)`);
    expect(answer.text).toContain("ulimit -f");
  }
  expect(simulator.requests).toEqual([]);
  expect(home.readAuth()).toBe(before);
  expect(readdirSync(home.path).sort()).toEqual(["auth.json", "state"]);
  expectNoSecrets(transport.stderr + transport.lines.join("\n"), simulator.secrets(), "the output");
});
