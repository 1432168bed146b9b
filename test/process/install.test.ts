import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { root } from "../support/documents.ts";
import { person } from "../support/person.ts";
import { startInTerminal } from "../support/pty.ts";

const additions = [
  ["plugin", "marketplace", "add", root],
  ["plugin", "install", "codex-oauth@codex-oauth"],
];
const all = ["codex-clear.md", "codex-config.md", "codex-status.md", "codex.md"];

describe("install", () => {
  test("adds the folder of the program as a marketplace, and the plugin out of it", async () => {
    const { run, claude, shortcuts } = await person();
    const { code, stdout, stderr } = await run("install", "--no-shortcuts");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(claude.calls()).toEqual(additions);
    expect(stdout).toContain(`from ${root}: keep that folder`);
    expect(shortcuts()).toEqual([]);
  });

  test("--yes adds the shortcuts: the plugin's commands and one line that nobody is shown", async () => {
    const { run, commands, shortcuts } = await person();
    const { code, stdout } = await run("install", "--yes");
    expect(code).toBe(0);
    expect(stdout).toContain("/codex-clear, /codex-config, /codex-status, /codex (in ");
    expect(shortcuts()).toEqual(all);
    for (const name of all) {
      const [opening, mark, ...rest] = readFileSync(join(commands, name), "utf8").split("\n");
      expect(mark).toMatch(/^# Written by codex-oauth install\b/);
      expect([opening, ...rest].join("\n")).toBe(readFileSync(join(root, "commands", name), "utf8"));
    }
  });

  test("a second time it brings what is ours up to date, and what was removed", async () => {
    const { run, commands, shortcuts } = await person();
    await run("install", "--yes");
    rmSync(join(commands, "codex.md"));
    expect(await run("install", "--yes")).toMatchObject({ code: 0, stderr: "" });
    expect(shortcuts()).toEqual(all);
  });

  test("a command of the person's own, or one of ours that was changed, stays as it is", async () => {
    const { run, commands } = await person();
    await run("install", "--yes");
    const [changed, foreign] = [join(commands, "codex.md"), join(commands, "codex-status.md")];
    const edited = `${readFileSync(changed, "utf8")}\n7. In French.\n`;
    writeFileSync(changed, edited);
    writeFileSync(foreign, "Mine.\n");
    const { code, stderr } = await run("install", "--yes");
    expect(code).toBe(0);
    expect(stderr).toBe(
      `/codex-status stays as it is: it is not ours (${foreign}).\n` +
        `/codex stays as it is: somebody has changed it (${changed}).\n`,
    );
    expect([changed, foreign].map((path) => readFileSync(path, "utf8"))).toEqual([edited, "Mine.\n"]);
  });

  test("on a terminal it asks, and only yes adds the shortcuts", async () => {
    for (const [answer, expected] of [
      ["\r", []],
      ["y\r", all],
    ] as const) {
      const { simulator, home, env, shortcuts } = await person();
      const path = { PATH: `${env.PATH}:${process.env["PATH"] ?? ""}` };
      const terminal = { simulator, home, args: ["install"], env: { ...env, ...path } };
      const run = startInTerminal(terminal);
      await run.shows("[y/N]");
      run.type(answer);
      expect(await run.ended).toBe(0);
      expect(shortcuts()).toEqual(expected);
    }
  });

  test("what claude says when it fails is handed on, and nothing else is done", async () => {
    const { run, claude, shortcuts } = await person({ fails: "plugin install" });
    const { code, stdout, stderr } = await run("install", "--yes");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      "codex-oauth: this failed (7): claude plugin install codex-oauth@codex-oauth\n" + "claude's own words\n",
    );
    expect(claude.calls()).toEqual(additions);
    expect(shortcuts()).toEqual([]);
  });

  test("without claude in the PATH it says so and ends with 1", async () => {
    const { simulator, home, env } = await person();
    const elsewhere = { ...env, PATH: join(home.path, "nothing") };
    const end = await runCli({ simulator, home, args: ["install", "--yes"], env: elsewhere });
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toMatch(/^codex-oauth: there is no claude in the PATH\./);
  });

  test("--print shows what would be run, and runs nothing", async () => {
    const { run, claude } = await person();
    const { code, stdout } = await run("install", "--print");
    expect(code).toBe(0);
    expect(stdout).toBe(`claude plugin marketplace add ${root}\nclaude plugin install codex-oauth@codex-oauth\n`);
    expect(claude.calls()).toEqual([]);
  });

  test.each(["cursor", "vscode", "gemini", "claude-desktop"])(
    "for %s it prints JSON that starts this program, and on stderr the file",
    async (host) => {
      const { run } = await person();
      const { code, stdout, stderr } = await run("install", "--host", host, "--print");
      expect(code).toBe(0);
      expect(JSON.stringify(JSON.parse(stdout))).toContain(
        `"command":"node","args":["${root}/bin/codex-oauth.mjs","serve"]`,
      );
      expect(stderr).toMatch(/^This goes into [~%]\S.*\.json:\n\n$/);
    },
  );

  test("for codex it prints TOML", async () => {
    const { run } = await person();
    const { stdout, stderr } = await run("install", "--host", "codex", "--print");
    expect(stdout).toContain(`args = ["${root}/bin/codex-oauth.mjs", "serve"]\n`);
    expect(stderr).toBe("This goes into ~/.codex/config.toml:\n\n");
  });
});

test.each([
  [["install"], /add --yes or --no-shortcuts/],
  [["install", "--yes", "--no-shortcuts"], /exclude each other/],
  [["install", "--host", "cursor"], /add --print/],
  [["install", "--host", "emacs"], /--host takes claude-code, cursor, /],
  [["uninstall"], /add --yes/],
  [["uninstall", "--host", "cursor"], /by hand/],
])("%j ends with 2 and runs nothing", async (args, words) => {
  const { run, claude } = await person();
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(words);
  expect(claude.calls()).toEqual([]);
});

test("where the folder for commands cannot be made, the error names it", async () => {
  const { run, home } = await person();
  mkdirSync(join(home.path, "claude"));
  writeFileSync(join(home.path, "claude/commands"), "");
  const { code, stderr } = await run("install", "--yes");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^STORAGE: Could not write \S+\/claude\/commands\/codex-clear\.md \(E/);
  expect(stderr).toContain("Correct the rights of that folder");
});
