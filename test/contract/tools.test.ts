import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { describe, expect, test } from "vitest";
import { createServer } from "../../src/mcp/server.ts";
import { createToolbox, tools } from "../../src/mcp/toolbox.ts";
import { version } from "../../src/shared/version.ts";
import { testApp } from "../support/app.ts";
import { makeHome } from "../support/home.ts";

async function connect() {
  const { codex } = testApp({ home: makeHome() });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await createServer(() => Promise.resolve(createToolbox(codex))).connect(far);
  const client = new Client({ name: "contract", version: "1.0.0" });
  await client.connect(near);
  return client;
}

test("the tools are what hosts have seen before", async () => {
  const client = await connect();
  const list = await client.listTools();
  await expect(`${JSON.stringify(list, null, 2)}\n`).toMatchFileSnapshot("tools.snap");
});

test("the server says who it is and what it can do", async () => {
  const client = await connect();
  expect(client.getServerCapabilities()).toEqual({ tools: {} });
  expect(client.getServerVersion()).toEqual({
    name: "codex",
    title: "Codex by ChatGPT login",
    version,
  });
});

test("the instructions are short and name every tool and no other", async () => {
  const instructions = (await connect()).getInstructions() ?? "";
  expect(instructions.length).toBeGreaterThan(500);
  expect(instructions.length).toBeLessThan(2_000);
  const named = new Set(instructions.match(/codex_\w+/g));
  expect([...named].sort()).toEqual(tools.map(({ name }) => name).sort());
});

describe.each(tools.map((tool) => [tool.name, tool] as const))("%s", (name, tool) => {
  test("has a description that says what it does and stays readable", () => {
    expect(tool.description.length).toBeGreaterThan(100);
    expect(tool.description.length).toBeLessThan(1_000);
    expect(tool.title).not.toBe("");
    const others = tool.description.match(/codex_\w+/g) ?? [];
    for (const other of others) expect(tools.map((one) => one.name)).toContain(other);
  });

  test("gives all four hints", () => {
    expect(Object.keys(tool.annotations).sort()).toEqual([
      "destructiveHint",
      "idempotentHint",
      "openWorldHint",
      "readOnlyHint",
    ]);
    expect(tool.annotations.readOnlyHint).toBe(["codex_query", "codex_status", "codex_models"].includes(name));
    expect(tool.annotations.destructiveHint).toBe(["codex_clear", "codex_login"].includes(name));
  });

  test("describes each argument and takes no other", async () => {
    const client = await connect();
    const definition = (await client.listTools()).tools.find((one) => one.name === name);
    expect(definition).toBeDefined();
    expect(definition?.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    for (const [field, schema] of Object.entries(definition?.inputSchema.properties ?? {})) {
      expect((schema as { description?: string }).description, field).toMatch(/^[A-Z].*\.$/);
    }
    // It would hide the text of the answer in hosts that prefer it.
    expect(definition).not.toHaveProperty("outputSchema");
  });
});
