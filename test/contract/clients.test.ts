import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { CallToolResult, Progress } from "@modelcontextprotocol/sdk/types.js";
import { expect, onTestFinished, test } from "vitest";
import { createServer } from "../../src/mcp/server.ts";
import { createToolbox } from "../../src/mcp/toolbox.ts";
import type { Simulator } from "../simulator/index.ts";
import { testApp } from "../support/app.ts";
import { expectNoSecrets } from "../support/canary.ts";
import { makeHome, type Home } from "../support/home.ts";
import { serverEnvironment, shippedEntry, simulate, toAnswer } from "../support/server.ts";

type Connect = (simulator: Simulator, home: Home) => Promise<Transport>;

const inMemory: Connect = async (simulator, home) => {
  const { codex } = testApp({ simulator, home });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await createServer(() => Promise.resolve(createToolbox(codex))).connect(far);
  return near;
};

const stdio: Connect = (simulator, home) =>
  Promise.resolve(
    new StdioClientTransport({
      command: process.execPath,
      args: [shippedEntry],
      env: serverEnvironment({ simulator, home }),
      stderr: "ignore",
    }),
  );

test.each([
  ["in-memory", inMemory],
  ["stdio", stdio],
])("the SDK's %s client can use all five tools", async (_, connect) => {
  const simulator = await simulate();
  const home = makeHome();
  const client = new Client({ name: "contract", version: "1.0.0" });
  await client.connect(await connect(simulator, home));
  onTestFinished(() => client.close());
  const results: CallToolResult[] = [];
  const progress: Progress[] = [];
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const onprogress = (one: Progress) => void progress.push(one);
    const request = { name, arguments: args };
    const result = (await client.callTool(request, undefined, { onprogress })) as CallToolResult;
    results.push(result);
    return toAnswer(result);
  };

  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    "codex_query",
    "codex_status",
    "codex_login",
    "codex_clear",
    "codex_models",
  ]);
  expect((await call("codex_status")).facts).toMatchObject({ signedIn: false });
  expect((await call("codex_query", { prompt: "hi" })).code).toBe("AUTH_REQUIRED");
  const login = await call("codex_login", { wait_seconds: 0 });
  expect((await simulator.signIn(String(login.facts["authorizationUrl"]))).status).toBe(200);
  expect((await call("codex_status", { verbose: true })).text).toContain("\nDoctor: ");
  expect((await call("codex_models")).text).toContain("(default)");
  const answer = await call("codex_query", { prompt: "Why?" });
  expect(answer.text).toContain("\n\n— ");
  expect(answer.facts).toMatchObject({ model: "gpt-6.1-sol" });
  expect((await call("codex_clear")).facts).toMatchObject({ cleared: true });

  expect(progress.map(({ message }) => message)).toContainEqual(expect.stringContaining("waiting for Codex"));
  for (const result of results) {
    expect(result).not.toHaveProperty("structuredContent");
    expect(result.content).toEqual([{ type: "text", text: expect.any(String) as string }]);
  }
  expectNoSecrets(JSON.stringify([results, progress]), simulator.secrets(), "a result");
});
