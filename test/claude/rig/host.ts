import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, inject, onTestFinished } from "vitest";
import type { Simulator } from "../../simulator/index.ts";
import { claudeEnvironment, scriptedModel } from "../../support/claude-code.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { simulate, simulatedSettings } from "../../support/server.ts";
import { startModel, type Model } from "./model.ts";
import { runToTheEnd, startSession, type Outcome, type Session } from "./run.ts";

/** What Claude Code calls a tool of ours. */
export const tool = (name: string): string => `mcp__plugin_codex-oauth_codex__${name}`;

/** A call of a tool of ours, as a model makes it. */
export const call = (name: string, input: object = {}): { name: string; input: object } => ({
  name: tool(name),
  input,
});

/** A person's machine with Claude Code and the plugin, a scripted model and a simulated service. */
export interface Host {
  model: Model;
  simulator: Simulator;
  home: Home;
  config: string;
  project: string;
  env: Record<string, string>;
  /** `claude -p`, to its end; in another folder than the project where one is given. */
  ask(prompt: string, folder?: string): Promise<Outcome>;
  session(): Session;
}

export interface HostOptions {
  signedIn?: boolean;
  env?: Record<string, string>;
  /** A configuration folder to work with a copy of; that of the clone where it is not given. */
  config?: string;
}

export async function claudeHost({ signedIn = true, env, config }: HostOptions = {}): Promise<Host> {
  const simulator = await simulate();
  const model = await startModel();
  const home = makeHome();
  if (signedIn) writeLogin(home, simulator);
  const project = join(home.path, "project");
  mkdirSync(project);
  const own = join(home.path, "claude");
  // What is installed stays where it is: the paths in the configuration lead there.
  const filter = (path: string): boolean => basename(path) !== "cache";
  cpSync(config ?? inject("installed").config, own, { recursive: true, filter });
  const whole: Record<string, string> = {
    ...claudeEnvironment(home.path, own),
    ...scriptedModel(model.url),
    ...simulatedSettings(simulator, home),
    ...env,
  };
  onTestFinished(() => {
    expect(model.failures, "what went wrong inside the script of the model").toEqual([]);
  });
  return {
    model,
    simulator,
    home,
    config: own,
    project,
    env: whole,
    ask: (prompt, folder = project) => runToTheEnd(["-p", prompt], whole, folder),
    session: () => startSession(whole, project),
  };
}
