import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, inject, onTestFinished } from "vitest";
import type { Simulator } from "../../simulator/index.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { claudeEnvironment } from "./install.ts";
import { startModel, type Model } from "./model.ts";

/** What Claude Code calls a tool of ours. */
export const tool = (name: string): string => `mcp__plugin_codex-oauth_codex__${name}`;

/** A person's machine with Claude Code and the plugin, a scripted model and a simulated service. */
export interface Host {
  model: Model;
  simulator: Simulator;
  home: Home;
  config: string;
  project: string;
  env: Record<string, string>;
  /** `claude -p`, to its end. */
  ask(prompt: string, ...args: string[]): Promise<Outcome>;
}

export interface Outcome {
  code: number | null;
  events: HostEvent[];
  /** The text that a person reads at the end. */
  result: string;
  denials: unknown[];
  stderr: string;
}

/** A line of `--output-format stream-json`. */
export interface HostEvent {
  type: string;
  subtype?: string;
  result?: string;
  permission_denials?: unknown[];
  mcp_servers?: { name: string; status: string }[];
  tools?: string[];
  response?: { request_id?: string };
}

export interface HostOptions {
  signedIn?: boolean;
  env?: Record<string, string>;
}

export async function claudeHost({ signedIn = true, env }: HostOptions = {}): Promise<Host> {
  const simulator = await simulate();
  const model = await startModel();
  const home = makeHome();
  if (signedIn) writeLogin(home, simulator);
  const config = join(home.path, "claude");
  const project = join(home.path, "project");
  mkdirSync(project);
  const installed = inject("installed");
  cpSync(installed.config, config, {
    recursive: true,
    filter: (path) => basename(path) !== "cache", // the paths inside name the first one
  });
  const whole: Record<string, string> = {
    ...claudeEnvironment(home.path, config),
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "sk-ant-not-a-key",
    MCP_CONNECTION_NONBLOCKING: "0",
    CODEX_ISSUER: simulator.issuer,
    CODEX_BASE_URL: simulator.baseUrl,
    CODEX_AUTH_FILE: home.authFile,
    CODEX_STATE_DIR: home.stateDir,
    CODEX_CALLBACK_PORTS: "0",
    CODEX_NO_BROWSER: "1",
    CODEX_DEBUG: "1",
    ...env,
  };
  return {
    model,
    simulator,
    home,
    config,
    project,
    env: whole,
    ask: (prompt, ...args) => run(["-p", prompt, ...args], whole, project),
  };
}

async function run(
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Outcome> {
  const { claude } = inject("installed");
  const format = ["--output-format", "stream-json", "--verbose"];
  const child = spawn(claude, [...args, ...format], {
    env,
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const events: HostEvent[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    events.push(JSON.parse(line) as HostEvent);
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  const last = events.findLast(({ type }) => type === "result");
  return {
    code,
    events,
    result: last?.result ?? "",
    denials: last?.permission_denials ?? [],
    stderr,
  };
}
void expect;
void mkdtempSync;
void realpathSync;
void rmSync;
void tmpdir;
