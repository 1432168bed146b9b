import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { person } from "../support/person.ts";

test("removes the plugin, the marketplace, and the shortcuts that are as we wrote them", async () => {
  const { run, claude, commands, shortcuts } = await person({ installed: true });
  await run("install", "--yes");
  const before = claude.calls().length;
  writeFileSync(join(commands, "codex.md"), "Mine.\n");
  const { code, stdout } = await run("uninstall", "--yes");
  expect(code).toBe(0);
  expect(claude.calls().slice(before)).toEqual([
    ["plugin", "list", "--json"],
    ["plugin", "uninstall", "codex-oauth@codex-oauth"],
    ["plugin", "marketplace", "list", "--json"],
    ["plugin", "marketplace", "remove", "codex-oauth"],
  ]);
  expect(stdout).toContain("Removed the shortcuts /codex-clear, /codex-config, /codex-status.");
  expect(stdout).toContain("The login stays");
  expect(shortcuts()).toEqual(["codex.md"]);
});

test("what is not there is not removed, and that is no failure", async () => {
  const { run, claude, shortcuts } = await person();
  expect(await run("uninstall", "--yes")).toMatchObject({ code: 0, stderr: "" });
  expect(claude.calls().map((words) => words.includes("list"))).toEqual([true, true]);
  expect(shortcuts()).toEqual([]);
});

test("a shortcut that somebody has changed is named, and stays", async () => {
  const { run, commands, shortcuts } = await person();
  await run("install", "--yes");
  const path = join(commands, "codex.md");
  writeFileSync(path, readFileSync(path, "utf8").replace("description: ", "description: My "));
  const { code, stderr } = await run("uninstall", "--yes");
  expect(code).toBe(0);
  expect(stderr).toBe(`/codex stays as it is: somebody has changed it (${path}).\n`);
  expect(shortcuts()).toEqual(["codex.md"]);
});

test("the shortcuts go also where claude fails, which ends with 1", async () => {
  const { run, shortcuts } = await person({ installed: true, fails: "plugin uninstall" });
  await run("install", "--yes");
  expect(await run("uninstall", "--yes")).toMatchObject({ code: 1 });
  expect(shortcuts()).toEqual([]);
});

test("a claude that cannot be started is explained, and the shortcuts go all the same", async () => {
  const { run, claude, shortcuts } = await person();
  await run("install", "--yes");
  writeFileSync(join(claude.folder, "claude"), "#!/nowhere/at/all\n");
  const { code, stdout, stderr } = await run("uninstall", "--yes");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^codex-oauth: this failed: claude plugin uninstall \S+\nspawn .+ENOENT\n$/);
  expect(stdout).toMatch(/^Removed the shortcuts/);
  expect(shortcuts()).toEqual([]);
});

test("a folder called claude is no claude in the PATH", async () => {
  const { run, claude } = await person();
  rmSync(join(claude.folder, "claude"));
  mkdirSync(join(claude.folder, "claude"));
  const { code, stderr } = await run("uninstall", "--yes");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^codex-oauth: there is no claude in the PATH\./);
});
