import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { claudeEnvironment } from "../support/claude-code.ts";
import { makeHome } from "../support/home.ts";
import { call, claudeHost, type Host } from "./rig/host.ts";
import { npmEnvironment } from "./rig/install.ts";
import { lastResult } from "./rig/messages.ts";

/** One question; gives what the model was shown, and the folder that the plugin was loaded from. */
async function question(host: Host): Promise<{ text: string; plugin: string }> {
  host.model.plan({ calls: [call("codex_query", { prompt: "one" })] });
  const { events, denials } = await host.ask("/codex-oauth:codex one");
  expect(denials).toEqual([]);
  const init = events.find(({ subtype }) => subtype === "init");
  const plugin = init?.plugins?.find(({ name }) => name === "codex-oauth");
  return { text: lastResult(host.model.requests.at(-1)!).text, plugin: plugin?.path ?? "" };
}

const megabytes = (folder: string): number =>
  Number(execFileSync("du", ["-sm", folder], { encoding: "utf8" }).split("\t")[0]);

test("from a clone: the plugin runs where the clone is, with what npm ci built", async () => {
  const { clone } = inject("installed");
  const { text, plugin } = await question(await claudeHost());
  expect(text).toMatch(/^Codex answers:\n\nThe simulator received: one\n/);
  expect(plugin).toBe(clone);
  expect(megabytes(join(clone, "node_modules"))).toBeLessThan(200);
});

test.each([undefined, "production"])(
  "from a Git marketplace, which is never built, with NODE_ENV %s: the first start builds",
  async (mode) => {
    const config = installFromGit(mode);
    const host = await claudeHost({ config, env: mode === undefined ? {} : { NODE_ENV: mode } });
    const copy = join(config, "plugins/cache/codex-oauth/codex-oauth");
    const [version = ""] = execFileSync("ls", [copy], { encoding: "utf8" }).split("\n");
    const installed = join(copy, version);
    expect(existsSync(join(installed, "dist"))).toBe(false);
    expect(megabytes(installed)).toBeLessThan(200);
    expect(existsSync(join(installed, "node_modules/eslint"))).toBe(mode === undefined);

    const { text, plugin } = await question(host);
    expect(text).toMatch(/^Codex answers:\n\nThe simulator received: one\n/);
    expect(plugin).toBe(installed);
    expect(existsSync(join(installed, "dist/main.cjs"))).toBe(true);
  },
);

test("a build of the server takes less than two seconds, and says nothing on stdout", () => {
  const { clone } = inject("installed");
  const out = join(makeHome().path, "main.cjs");
  const seconds = [1, 2, 3].map(() => {
    const started = performance.now();
    const args = [join(clone, "scripts/build.mjs"), "--server", out];
    expect(execFileSync(process.execPath, args, { cwd: clone, encoding: "utf8" })).toBe("");
    return (performance.now() - started) / 1000;
  });
  expect(Math.min(...seconds)).toBeLessThan(2);
});

test("opening the repository itself starts the plugin's server and no second one", async () => {
  const host = await claudeHost();
  const opened = join(host.home.path, "opened");
  execFileSync("git", ["clone", "--quiet", inject("installed").repository, opened]);
  const servers = async (): Promise<string[]> => {
    const { events } = await host.ask("Hello.", opened);
    const init = events.find(({ subtype }) => subtype === "init");
    return (init?.mcp_servers ?? []).map(({ name, status }) => `${name} ${status}`);
  };
  expect(await servers()).toEqual(["plugin:codex-oauth:codex connected"]);
  rmSync(join(opened, ".claude/settings.json"));
  expect(await servers()).toHaveLength(2); // so it is the settings that keep it away
});

/** A Git address as the marketplace, which leads to a repository on this machine; gives the config. */
function installFromGit(mode: string | undefined): string {
  const { claude, repository } = inject("installed");
  const home = makeHome();
  const [config, bare] = [join(home.path, "claude"), join(home.path, "codex-oauth.git")];
  execFileSync("git", ["clone", "--quiet", "--bare", repository, bare]);
  const gitConfig = join(home.path, "gitconfig");
  const address = "https://example.test/codex-oauth.git";
  writeFileSync(gitConfig, `[url "file://${bare}"]\n\tinsteadOf = ${address}\n`);
  const env = {
    ...claudeEnvironment(home.path, config),
    ...npmEnvironment(),
    GIT_CONFIG_GLOBAL: gitConfig,
    ...(mode === undefined ? {} : { NODE_ENV: mode }),
  };
  for (const args of [
    ["marketplace", "add", address],
    ["install", "codex-oauth@codex-oauth"],
  ]) {
    execFileSync(claude, ["plugin", ...args], { env, cwd: home.path, stdio: "pipe" });
  }
  return config;
}
