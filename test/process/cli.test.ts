import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { version } from "../../src/shared/version.ts";
import { runCli, startCli } from "../support/cli.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { startInTerminal } from "../support/pty.ts";
import { simulate } from "../support/server.ts";

async function start() {
  const simulator = await simulate();
  const home = makeHome();
  const run = (args: string[], env: Record<string, string> = {}) => runCli({ simulator, home, args, env });
  return { simulator, home, run };
}

describe("help and version", () => {
  test("--help names every command and every exit code in at most 80 columns", async () => {
    const { run } = await start();
    const { code, stdout, stderr } = await run(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { name } of commands) expect(stdout).toContain(`\n  ${name} `);
    for (const { code: exit } of Object.values(exitCodes)) expect(stdout).toContain(`\n  ${exit} `);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect((await run(["help"])).stdout).toBe(stdout);
  });

  test("each command's own help names its options in at most 80 columns", async () => {
    const { run } = await start();
    for (const { name, options } of commands) {
      const { code, stdout } = await run([name, "--help"]);
      expect(code).toBe(0);
      for (const option of Object.keys(options)) expect(stdout).toContain(`--${option}`);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  test("--version is the version alone", async () => {
    const { run } = await start();
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("without a command there is the help on a terminal", async () => {
    const { simulator, home } = await start();
    const run = startInTerminal({ simulator, home, args: [] });
    expect(await run.ended).toBe(0);
    expect(run.screen()).toContain("Usage: codex-oauth COMMAND");
  });
});

test.each([[["serve"]], [[]]])("with %j and a pipe it serves MCP", async (args) => {
  const { simulator, home } = await start();
  const run = startCli({
    simulator,
    home,
    args,
    input: `${JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping" })}\n`,
  });
  await run.seen("stdout", "\n");
  expect(JSON.parse(run.stdout())).toEqual({ jsonrpc: "2.0", id: 7, result: {} });
  expect(await run.ended).toEqual({ code: 0, signal: null });
});

test.each([
  [["frobnicate"], /unknown command "frobnicate"\. See: codex-oauth --help/],
  [["--frobnicate"], /unknown option --frobnicate/],
  [["query", "--frobnicate", "hi"], /query: unknown option --frobnicate\. See: codex-oauth query/],
  [["query", "-m"], /--model needs a value/],
  [["query", "--json=1", "hi"], /--json takes no value/],
  [["query", "-e", "extreme", "hi"], /--effort must be one of none, minimal/],
  [["query", "-m", "a b", "hi"], /--model must be a model name/],
  [["query"], /nothing was piped in/],
  [["query", "hi", "-"], /nothing was piped in/],
  [["query", " "], /there is no prompt/],
  [["status", "now"], /status takes options only/],
  [["login", "--device", "--no-browser"], /exclude each other/],
  [["login", "--codex-cli"], /add --yes/],
  [["serve", "now"], /serve takes options only/],
])("%j is one line on stderr and ends with 2", async (args, words) => {
  const { run, home } = await start();
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(words);
  expect(stderr).toMatch(/^codex-oauth: [^\n]*\n$/);
  expect(home.record()).toBeUndefined();
});

describe("status", () => {
  const keys = [
    ...["signedIn", "mode", "decidedBy", "account", "plan", "setAside", "expiresAt", "authFile", "encrypted"],
    ...["guestFile", "issuer", "apiOrigin", "defaultModel", "quota", "trouble", "problems", "logFile", "details"],
  ];

  test("signed in it ends with 0, else with 3; the keys of --json stay the same", async () => {
    const { simulator, home, run } = await start();
    const out = await run(["status"]);
    expect(out).toMatchObject({ code: 3, stderr: "" });
    expect(out.stdout).toMatch(/^Not signed in\. Run codex-oauth login to sign in\.\n/m);
    const outFacts = await run(["status", "--json"]);
    expect(outFacts.code).toBe(3);
    expect(Object.keys(JSON.parse(outFacts.stdout) as object)).toEqual(keys);

    writeLogin(home, simulator);
    expect((await run(["status"])).stdout).toMatch(/^Signed in as c\*\*\*@example\.test/m);
    const facts = await run(["status", "--json"]);
    expect(facts).toMatchObject({ code: 0, stderr: "" });
    const parsed = JSON.parse(facts.stdout) as object;
    expect(Object.keys(parsed)).toEqual(keys);
    expect(parsed).toMatchObject({ signedIn: true, account: "c***@example.test", details: null });
  });

  test("--verbose asks the services, too", async () => {
    const { simulator, home, run } = await start();
    writeLogin(home, simulator);
    const { code, stdout } = await run(["status", "--verbose"]);
    expect(code).toBe(0);
    expect(stdout).toContain(simulator.issuer);
    expect(simulator.requests.length).toBeGreaterThan(0);
  });
});

describe("models", () => {
  test("the account's models, as text and as an object", async () => {
    const { simulator, home, run } = await start();
    writeLogin(home, simulator);
    const { code, stdout } = await run(["models"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ \(default\): [^]*This account's list, fetched/);
    const facts = JSON.parse((await run(["models", "--json"])).stdout) as object;
    expect(Object.keys(facts)).toEqual(["models", "source", "fetchedAt", "fresh", "default", "note"]);
    expect(facts).toMatchObject({ source: "live", note: null });
  });

  test("without a login there is the bundled table, and why", async () => {
    const { run } = await start();
    const { code, stdout } = await run(["models"]);
    expect(code).toBe(0);
    expect(stdout).toContain("AUTH_REQUIRED: ");
    expect(stdout).toContain("codex-oauth login");
  });
});

describe("doctor", () => {
  test("it ends with 1 and the fix where it finds a cause, as text and as an object", async () => {
    const { run } = await start();
    const env = { CODEX_AUTH_FILE: "relative/auth.json" };
    const { code, stdout, stderr } = await run(["doctor"], env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/^codex-oauth [\d.]+, Node v[^]*PROBLEM .*CODEX_AUTH_FILE[^]*→ /);
    const json = await run(["doctor", "--json"], env);
    expect(json.code).toBe(1);
    const keys = ["version", "nodeVersion", "platform", "clientVersion", "findings"];
    const report = JSON.parse(json.stdout) as { findings: Record<string, unknown>[] };
    expect(Object.keys(report)).toEqual(keys);
    expect(report.findings.find(({ check }) => check === "settings")).toEqual({
      check: "settings",
      level: "problem",
      message: expect.stringContaining("CODEX_AUTH_FILE cannot be used") as string,
      fix: expect.stringMatching(/^Correct or unset .*, then repeat the command\.$/) as string,
    });
  });
});

test("a setting that cannot be used is told with its code and ends with 1", async () => {
  const { run } = await start();
  const { code, stderr } = await run(["query", "hi"], { CODEX_ISSUER: "ftp://nowhere" });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^CONFIG: CODEX_ISSUER /);
});

test("a full disk behind stdout is a failure and no crash", async () => {
  const { simulator, home } = await start();
  const run = startInTerminal({ simulator, home, args: ["--help"], redirect: "> /dev/full" });
  expect(await run.ended).toBe(1);
  expect(run.screen()).toBe("codex-oauth: stdout cannot be written: ENOSPC\r\n");
});

test("the package's command is the launcher, which the system can start", () => {
  const root = join(import.meta.dirname, "../..");
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    bin: Record<string, string>;
  };
  expect(bin).toEqual({ "codex-oauth": "bin/codex-oauth.mjs" });
  const launcher = join(root, "bin/codex-oauth.mjs");
  expect(readFileSync(launcher, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(launcher).mode & 0o111).toBe(0o111);
});
