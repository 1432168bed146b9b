import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, inject, test } from "vitest";
import { claudeEnvironment } from "../support/claude-code.ts";
import { root } from "../support/documents.ts";
import { makeHome } from "../support/home.ts";
import { call, claudeHost } from "./rig/host.ts";
import { lastResult } from "./rig/messages.ts";

test("npm's package: codex-oauth install brings plugin and shortcuts, uninstall takes them away", async () => {
  const { claude } = inject("installed");
  const home = makeHome();
  const [out, prefix, config] = ["out", "npm", "claude"].map((name) => join(home.path, name));
  mkdirSync(config!);
  execFileSync(process.execPath, [join(root, "scripts/pack.mjs"), "--out", out!]);
  const archive = join(out!, readdirSync(out!)[0]!);
  const env = {
    ...claudeEnvironment(home.path, config!),
    PATH: `${dirname(claude)}:${process.env["PATH"] ?? ""}`,
    npm_config_cache: join(home.path, "cache"),
    npm_config_offline: "true",
  };
  const options = { env, cwd: home.path, encoding: "utf8" } as const;
  execFileSync("npm", ["install", "--global", "--silent", "--prefix", prefix!, archive], options);
  const program = join(prefix!, "bin/codex-oauth");

  expect(execFileSync(program, ["install", "--yes"], options)).toContain("The plugin is installed.");
  const host = await claudeHost({ config: config! });
  host.model.plan({ calls: [call("codex_query", { prompt: "one" })] });
  const { denials, events } = await host.ask("/codex one");
  expect(denials).toEqual([]);
  const { requests } = host.model;
  expect(lastResult(requests.at(-1)!).text).toMatch(/^Codex answers:\n\nThe simulator received: one\n/);
  const asked = JSON.stringify(requests);
  expect(asked).toContain("<command-name>/codex</command-name>");
  expect(asked).not.toContain("Written by codex-oauth install");
  const init = events.find(({ subtype }) => subtype === "init");
  const plugin = init?.plugins?.find(({ name }) => name === "codex-oauth");
  expect(plugin?.path).toBe(join(prefix!, "lib/node_modules/codex-oauth-mcp"));

  execFileSync(program, ["uninstall", "--yes"], options);
  expect(execFileSync(claude, ["plugin", "list", "--json"], options).trim()).toBe("[]");
  expect(execFileSync(claude, ["plugin", "marketplace", "list", "--json"], options)).not.toContain("codex-oauth");
  expect(readdirSync(join(config!, "commands"))).toEqual([]);
  expect(existsSync(program)).toBe(true);
});

test("Claude Code's own checks of the plugin pass, strictly", () => {
  const { claude, clone } = inject("installed");
  const home = makeHome();
  const env = claudeEnvironment(home.path, join(home.path, "claude"));
  const { status, stdout } = spawnSync(claude, ["plugin", "validate", clone, "--strict"], {
    env,
    cwd: home.path,
    encoding: "utf8",
  });
  expect(status, stdout).toBe(0);
  expect(stdout).toContain("✔ Validation passed");
  // The catalogue's checks come along; the icon is the one thing that it may miss.
  expect(stdout.match(/^ {2}❯ .*\(([A-Z_]+)\)/gm)?.filter((line) => !line.includes("ICON_"))).toEqual(
    stdout.includes("ICON_") ? [] : undefined,
  );
});
