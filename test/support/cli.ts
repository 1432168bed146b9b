import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Simulator } from "../simulator/index.ts";
import { expectNoSecrets } from "./canary.ts";
import { startChild, type StartChild } from "./child-transport.ts";
import type { Home } from "./home.ts";
import { serverEnvironment, shippedEntry } from "./server.ts";

export interface CliOptions {
  simulator: Simulator;
  home: Home;
  args: readonly string[];
  env?: Record<string, string>;
  /** The text of stdin; null: stdin stays open and silent. */
  input?: string | null;
  /** The folder to start in. */
  cwd?: string;
  /** Starts Node elsewhere than on this system. */
  start?: StartChild;
}

/** The command line in its own process, with pipes as its three streams. */
export interface CliRun {
  stdout: () => string;
  stderr: () => string;
  /** Resolves once the words are in the stream. */
  seen: (stream: "stdout" | "stderr", words: string | RegExp) => Promise<void>;
  kill: (signal: NodeJS.Signals) => void;
  /** Closes the reading end of a stream, like `head`. */
  hangUp: (stream: "stdout" | "stderr") => void;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The environment of a user's shell; only the simulator is reachable. */
export function cliEnvironment({ simulator, home, env }: CliOptions): Record<string, string> {
  return serverEnvironment({ simulator, home, env: { CODEX_DEBUG: "", TERM: "xterm", ...env } });
}

/** Starts it. At the test's end it is killed, and its output is searched for secrets. */
export function startCli(options: CliOptions): CliRun {
  const { start = startChild, args, cwd } = options;
  const child = start(process.execPath, [shippedEntry, ...args], { env: cliEnvironment(options), cwd });
  const texts = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      for (const listener of listeners) listener();
    });
  }
  child.stdin.on("error", () => undefined);
  if (options.input !== null) child.stdin.end(options.input ?? "");
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal });
    });
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
    const { simulator, home } = options;
    expectNothingSecret(texts.stdout + texts.stderr, simulator, home);
  });
  return {
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    seen: (name, words) =>
      waitFor(
        listeners,
        () => found(texts[name], words),
        ended,
        () => texts.stderr,
      ),
    kill: (signal) => child.kill(signal),
    hangUp: (name) => child[name].destroy(),
    ended,
  };
}

/** Runs it to its end. */
export async function runCli(options: CliOptions): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const run = startCli(options);
  const { code } = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

export function found(text: string, words: string | RegExp): boolean {
  return typeof words === "string" ? text.includes(words) : words.test(text);
}

/** Resolves once the condition holds; it is checked whenever a listener is called. */
export function waitFor(
  listeners: Set<() => void>,
  holds: () => boolean,
  ended: Promise<unknown>,
  output: () => string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      if (!holds()) return;
      listeners.delete(check);
      resolve();
    };
    listeners.add(check);
    check();
    void ended.then(() => {
      check();
      reject(new Error(`it ended without these words; it said: ${output().slice(-500)}`));
    });
  });
}

export function expectNothingSecret(printed: string, simulator: Simulator, home: Home): void {
  const secrets = simulator.secrets();
  expectNoSecrets(printed, secrets, "what was printed");
  if (!existsSync(home.stateDir)) return;
  for (const name of readdirSync(home.stateDir)) {
    expectNoSecrets(readFileSync(join(home.stateDir, name), "utf8"), secrets, `state/${name}`);
  }
}
