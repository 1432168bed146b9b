import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { nodeProgram, pinned, programOf } from "./support/packages.ts";
import { asked, peerRig, type PeerRig } from "./support/rig.ts";
import { run, type Ran } from "./support/run.ts";

let node: string;
let inspector: string;
beforeAll(() => {
  node = nodeProgram(22); // the Inspector wants it
  inspector = programOf(pinned.inspector, "mcp-inspector");
});

function inspect({ entry, home }: PeerRig, ...args: string[]): Promise<Ran> {
  const config = join(home.path, "mcp.json");
  writeFileSync(config, JSON.stringify({ mcpServers: { codex: entry } }));
  return run(node, [inspector, "--cli", "--config", config, "--server", "codex", ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: home.path,
      MCP_INSPECTOR_SECRET_STORE: "memory",
    },
    cwd: home.path,
  });
}

interface Shown {
  tools?: { name: string }[];
  content?: { text: string }[];
  isError?: boolean;
}
const shown = ({ stdout }: Ran): Shown => JSON.parse(stdout) as Shown;

test("the Inspector's command line lists the tools and finds no schema that another host would refuse", async () => {
  const rig = await peerRig();
  const ran = await inspect(rig, "--method", "tools/list", "--strict");
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).not.toMatch(/schema/i);
  expect(shown(ran).tools?.map(({ name }) => name)).toEqual([
    "codex_query",
    "codex_status",
    "codex_login",
    "codex_clear",
    "codex_models",
  ]);
  expect(asked(rig.said())).toEqual(["initialize", "notifications/initialized", "tools/list"]);
});

test("the Inspector's command line asks a question and shows the whole answer", async () => {
  const rig = await peerRig({ answer: 'Two words: "forty two" €' });
  const prompt = "What's the answer? $HOME `id` = 1";
  const call = ["--method", "tools/call", "--tool-name", "codex_query", "--tool-arg"];
  const ran = await inspect(rig, ...call, `prompt=${prompt}`, "reasoning_effort=high");
  expect(ran.code, ran.stderr).toBe(0);
  expect(shown(ran).content?.[0]?.text).toMatch(/^Codex answers:\n\nTwo words: "forty two" €\n\n— .*high/);
  const { json } = await rig.simulator.waitForRequest("responses");
  expect(JSON.stringify(json)).toContain(JSON.stringify(prompt));
});

test("the Inspector's command line shows a failure as one", async () => {
  const rig = await peerRig({ signedIn: false });
  const call = ["--method", "tools/call", "--tool-name", "codex_query", "--tool-arg", "prompt=hi"];
  const ran = await inspect(rig, ...call);
  expect(ran.code).not.toBe(0);
  expect(shown(ran)).toMatchObject({ isError: true });
  expect(shown(ran).content?.[0]?.text).toMatch(/^AUTH_REQUIRED: /);
});
