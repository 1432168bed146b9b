import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hostConfiguration } from "../../src/cli/install/hosts.ts";
import { fakeResponses, says, type Item, type Model } from "./support/fake-responses.ts";
import { pinned, programOf } from "./support/packages.ts";
import { peerRig, type PeerRig } from "./support/rig.ts";
import { run } from "./support/run.ts";

let codex: string;
beforeAll(() => {
  codex = programOf(pinned.codex, "codex");
});

/** What `codex exec --json` tells of a call. */
interface ToolCall {
  type: string;
  server: string;
  tool: string;
  status: string;
  result: { content: { text: string }[] } | null;
}

/** The real Codex CLI with our entry in its configuration, and a scripted model behind it. */
async function execute({ home, entry }: PeerRig, model: Model) {
  const { baseUrl, inputs } = await fakeResponses(model);
  const codexHome = join(home.path, "codex-home");
  mkdirSync(codexHome);
  const provider = `
model = "gpt-5.5"
model_provider = "scripted"

[model_providers.scripted]
name = "scripted"
base_url = "${baseUrl}"
wire_api = "responses"

[analytics]
enabled = false

`;
  const { text } = hostConfiguration("codex", entry);
  writeFileSync(join(codexHome, "config.toml"), provider + text);
  const command = ["exec", "--strict-config", "--skip-git-repo-check", "--json", "Ask the other."];
  const ran = await run(process.execPath, [codex, ...command], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home.path,
      CODEX_HOME: codexHome,
      CODEX_MODEL: "not-handed-on", // a setting of ours reaches the server by the entry alone
    },
    cwd: home.path,
  });
  expect(ran.code, ran.stderr).toBe(0);
  const calls = ran.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { type: string; item?: ToolCall })
    .flatMap(({ type, item }) => (type === "item.completed" && item ? [item] : []))
    .filter(({ type }) => type === "mcp_tool_call");
  return { inputs, calls };
}

const found = (input: readonly Item[]): boolean =>
  input.some(({ tools }) => tools?.some(({ name }) => name === "mcp__codex"));
const output = (input: readonly Item[]): unknown => input.find(({ type }) => type === "function_call_output")?.output;

/** Looks for the tools until the host has them (it starts servers beside the talk), then calls one. */
function calling(name: string, args: object): Model {
  return (input) => {
    if (output(input) !== undefined) return says("done");
    if (found(input)) {
      const call = { type: "function_call", namespace: "mcp__codex", name, call_id: "the-call" };
      return { ...call, arguments: JSON.stringify(args) };
    }
    return {
      type: "tool_search_call",
      call_id: `search-${input.length}`,
      execution: "client",
      status: "completed",
      arguments: { query: "codex query second opinion" },
    };
  };
}

test("the real Codex CLI finds the tools, asks a question without a prompt, and shows the model the answer", async () => {
  const rig = await peerRig({ answer: "Yes, a mutex is needed." });
  const prompt = 'Is a mutex needed? $HOME `id` "quoted"\nsecond line';
  const { inputs, calls } = await execute(rig, calling("codex_query", { prompt }));
  expect(calls).toMatchObject([{ server: "codex", tool: "codex_query", status: "completed" }]);
  expect(calls[0]?.result?.content[0]?.text).toMatch(/^Codex answers:\n\nYes, a mutex is needed\.\n\n— /);

  const last = inputs.at(-1) ?? [];
  expect(JSON.stringify(output(last))).toContain("Yes, a mutex is needed.");
  const offered = last.find(({ tools }) => tools?.some(({ name }) => name === "mcp__codex"));
  expect(JSON.stringify(offered)).toContain("codex-oauth asks OpenAI's Codex models");
  expect(offered?.tools?.[0]?.tools.map(({ name }) => name)).toContain("codex_query");

  const { json } = await rig.simulator.waitForRequest("responses");
  expect(json).toMatchObject({ model: "gpt-6.1-sol" });
  expect(JSON.stringify(json)).toContain(JSON.stringify(prompt));
  expect(rig.said()[0]?.message.params).toMatchObject({
    protocolVersion: "2025-06-18",
    clientInfo: { name: "codex-mcp-client", version: "0.169.0" },
  });
});

test("the real Codex CLI shows the model a failure with its code and the next step", async () => {
  const rig = await peerRig({ signedIn: false });
  const { inputs, calls } = await execute(rig, calling("codex_query", { prompt: "hi" }));
  expect(calls).toMatchObject([{ tool: "codex_query", status: "failed" }]);
  const shown = JSON.stringify(output(inputs.at(-1) ?? []));
  expect(shown).toContain("AUTH_REQUIRED: Nobody is signed in to ChatGPT here.");
  expect(shown).toContain("Next: Call codex_login");
});

test.each([
  ["codex_clear", {}],
  ["codex_login", { wait_seconds: 0 }],
])("the real Codex CLI runs no %s unless a person agrees", async (name, args) => {
  const rig = await peerRig();
  const { calls } = await execute(rig, calling(name, args));
  expect(calls).toMatchObject([{ tool: name, status: "failed" }]);
  expect(rig.said().map(({ message }) => message.method)).not.toContain("tools/call");
  expect(rig.home.record()).toBeDefined();
});
