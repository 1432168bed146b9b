import { expect, test } from "vitest";
import { tools } from "../../src/mcp/toolbox.ts";
import { instructions } from "../../src/mcp/server.ts";
import { claudeHost, tool } from "./rig/host.ts";
import { systemText } from "./rig/messages.ts";

test("the model sees every tool's name, the instructions, and codex_query without a search", async () => {
  const host = await claudeHost();
  const { events, code } = await host.ask("Good morning.");
  expect(code).toBe(0);
  const init = events.find(({ subtype }) => subtype === "init");
  expect(init?.mcp_servers).toEqual([
    expect.objectContaining({ name: "plugin:codex-oauth:codex", status: "connected" }),
  ]);

  const [request] = host.model.requests;
  const said = systemText(request!);
  expect(said).toContain(instructions.trim());
  const [loaded, deferred] = [tools.filter(isLoaded), tools.filter((one) => !isLoaded(one))];
  expect(loaded.map(({ name }) => name)).toEqual(["codex_query"]);
  for (const { name, description } of loaded) {
    const definition = request!.tools.find((known) => known.name === tool(name));
    expect(definition?.description).toBe(description);
    expect(definition?.defer_loading).toBeUndefined();
    expect(Object.keys(propertiesOf(definition?.input_schema))).toContain("prompt");
  }
  for (const { name } of deferred) expect(said).toContain(`\n${tool(name)}\n`);
});

test("a search gives the other tools whole", async () => {
  const host = await claudeHost();
  const names = tools.map(({ name }) => tool(name));
  host.model.plan({
    calls: [{ name: "ToolSearch", input: { query: `select:${names.join(",")}` } }],
  });
  await host.ask("What can you do?");
  const shown = host.model.requests.at(-1)!.tools;
  for (const { name, description } of tools) {
    expect(shown.find((one) => one.name === tool(name))?.description).toBe(description);
  }
});

test("outside of a command the person is asked before a tool runs", async () => {
  const host = await claudeHost();
  host.model.plan({ calls: [{ name: tool("codex_clear"), input: {} }] });
  const { denials } = await host.ask("Sign me out.");
  expect(denials).toEqual([expect.objectContaining({ tool_name: tool("codex_clear") })]);
  expect(host.home.record()).toBeDefined();
});

const isLoaded = ({ meta }: { meta?: Record<string, unknown> }): boolean => meta?.["anthropic/alwaysLoad"] === true;

const propertiesOf = (schema: unknown): object => (schema as { properties?: object } | undefined)?.properties ?? {};
