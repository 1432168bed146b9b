import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ChildTransport } from "../support/child-transport.ts";
import { startBridge } from "./support/bridge.ts";
import { nodeProgram, pinned, programOf } from "./support/packages.ts";
import { peerRig } from "./support/rig.ts";
import { run } from "./support/run.ts";

const page = join(import.meta.dirname, "../../docs/hosts/conformance.md");

interface Check {
  status: "SUCCESS" | "FAILURE" | "WARNING" | "INFO" | "SKIPPED";
  errorMessage?: string;
}
interface Row {
  scenario: string;
  result: "passed" | "not offered" | "not applicable" | "about HTTP" | "FAILED";
  why: string;
}

/** Scenarios that look at HTTP alone, which is the bridge's and not the server's. */
const aboutHttp = /^(server-sse-|dns-rebinding)/;

/** What the checks of a scenario say of a server that offers tools, and only its own. */
function judge(scenario: string, checks: readonly Check[]): Row {
  if (aboutHttp.test(scenario)) {
    return { scenario, result: "about HTTP", why: "answered by the test's bridge" };
  }
  const failures = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING");
  const [{ errorMessage = "" } = {}] = failures;
  if (failures.length === 0 && checks.some(({ status }) => status === "SUCCESS")) {
    return { scenario, result: "passed", why: "" };
  }
  const tool = /(?:Unknown tool: |^Tool ')(\w+)/.exec(errorMessage)?.[1];
  if (tool !== undefined) {
    return { scenario, result: "not applicable", why: `asks for a tool of the suite, \`${tool}\`` };
  }
  if (errorMessage.endsWith("MCP error -32601: Method not found")) {
    return { scenario, result: "not offered", why: "refused as a method that is not there" };
  }
  return { scenario, result: "FAILED", why: errorMessage };
}

function toPage(rows: readonly Row[]): string {
  const count = (result: Row["result"]) => rows.filter((row) => row.result === result).length;
  return `# The official conformance suite

Written by \`npm run test:peers\`, which runs \`${pinned.conformance}\` (all its scenarios for servers)
against the built server and fails when this page no longer says what comes out.

The suite speaks HTTP and expects a server made for it, with tools, prompts and resources of its own. Ours speaks
stdio and offers its five tools. So a small bridge of the test hands the messages on, a new process for each session,
and most scenarios cannot apply. Each refusal is the one that the protocol wants.

${count("passed")} passed, ${count("FAILED")} failed; ${count("not applicable")} need a tool of the suite, \
${count("not offered")} a capability that the server does not announce, ${count("about HTTP")} are about HTTP.

| Scenario | Result | Why |
| --- | --- | --- |
${rows.map(({ scenario, result, why }) => `| ${scenario} | ${result} | ${why} |`).join("\n")}
`;
}

test("the official conformance suite finds nothing wrong, and its table is in the documents", async () => {
  const { entry, home } = await peerRig();
  const bridge = await startBridge(() => new ChildTransport(entry.command, entry.args, { ...entry.env }));
  onTestFinished(() => bridge.close());
  const results = join(home.path, "results");
  const suite = [programOf(pinned.conformance, "conformance"), "server", "--suite", "all"];
  await run(nodeProgram(22), [...suite, "--url", bridge.url, "--output-dir", results], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home.path },
    cwd: home.path,
    timeoutMs: 240_000,
  });
  const rows = readdirSync(results)
    .sort()
    .map((folder) => {
      const scenario = folder.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT.*$/, "");
      const checks = readFileSync(join(results, folder, "checks.json"), "utf8");
      return judge(scenario, JSON.parse(checks) as Check[]);
    });
  expect(rows.filter(({ result }) => result === "FAILED")).toEqual([]);
  expect(rows.filter(({ result }) => result === "passed").map(({ scenario }) => scenario)).toEqual([
    "ping",
    "server-initialize",
    "tools-list",
  ]);
  await expect(toPage(rows)).toMatchFileSnapshot(page);
});
