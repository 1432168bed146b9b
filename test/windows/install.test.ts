import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, inject, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { simulate } from "../support/server.ts";
import { onWindows, startFor, toWindows, windowsHome } from "./rig/windows.ts";
import { windowsNode } from "./rig/wine.ts";

/** A person with a `claude.cmd` as npm writes them, in a folder whose name cmd.exe could misread. */
async function person() {
  const simulator = await simulate();
  const home = windowsHome();
  const folder = join(home.path, "npm & tools (x86)");
  const record = join(home.path, "claude-calls");
  const commands = join(home.path, ".claude/commands");
  mkdirSync(folder);
  const program = `
const { appendFileSync } = require("node:fs");
const words = process.argv.slice(2);
appendFileSync(${JSON.stringify(toWindows(record))}, JSON.stringify(words) + "\\n");
if (words.includes("list")) console.log('[{"id": "codex-oauth@codex-oauth", "name": "codex-oauth"}]');
`;
  writeFileSync(join(folder, "claude.cjs"), program);
  writeFileSync(join(folder, "claude.cmd"), '@ECHO off\r\nSET "_prog=node"\r\n"%_prog%"  "%~dp0claude.cjs" %*\r\n');
  const start = startFor(home);
  const path = ["relative", toWindows(folder), toWindows(dirname(windowsNode()))].join(";");
  return {
    home,
    run: (args: string[], cwd = home.path) => runCli({ simulator, home, args, env: { PATH: path }, cwd, start }),
    calls: () =>
      existsSync(record)
        ? readFileSync(record, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as string[])
        : [],
    shortcuts: () => (existsSync(commands) ? readdirSync(commands).sort() : []),
  };
}

onWindows("install on Windows' Node", () => {
  test("runs a claude.cmd in a folder with spaces, writes the shortcuts, and takes both back", async () => {
    const { run, calls, shortcuts } = await person();
    const root = toWindows(inject("windows").packageRoot);
    const installed = await run(["install", "--yes"]);
    expect(installed).toMatchObject({ code: 0, stderr: "" });
    expect(installed.stdout).toContain(`from ${root}: keep that folder`);
    expect(calls()).toEqual([
      ["plugin", "marketplace", "add", root],
      ["plugin", "install", "codex-oauth@codex-oauth"],
    ]);
    expect(shortcuts()).toEqual(["codex-clear.md", "codex-config.md", "codex-status.md", "codex.md"]);
    expect(await run(["uninstall", "--yes"])).toMatchObject({ code: 0, stderr: "" });
    expect(calls().slice(2)).toContainEqual(["plugin", "uninstall", "codex-oauth@codex-oauth"]);
    expect(shortcuts()).toEqual([]);
  });

  test.each(["cmd.exe", "node.exe"])("a %s in the folder that it is started in is not run", async (name) => {
    const { home, run, calls } = await person();
    const project = join(home.path, "project");
    mkdirSync(project);
    // A program that does nothing and ends well.
    copyFileSync(join(inject("windows").prefix, "drive_c/windows/system32/whoami.exe"), join(project, name));
    expect(await run(["install", "--no-shortcuts"], project)).toMatchObject({ code: 0, stderr: "" });
    expect(calls()).toHaveLength(2);
  });

  test("without claude in the PATH it says so and ends with 1", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    const end = await runCli({ simulator, home, args: ["install", "--yes"], start: startFor(home) });
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toMatch(/^codex-oauth: there is no claude in the PATH\./);
  });
});
