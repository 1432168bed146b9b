import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { expect, onTestFinished } from "vitest";
import type { Limits } from "../../src/shared/limits.ts";
import { startSimulator, type Simulator, type SimulatorOptions } from "../simulator/index.ts";
import { expectNoSecrets } from "./canary.ts";
import { ChildTransport, type StartChild } from "./child-transport.ts";
import type { Home } from "./home.ts";

const dist = join(import.meta.dirname, "../../dist");
/** The program as shipped, and the same with limits that a test may shorten. */
export const shippedEntry = join(dist, "main.cjs");
export const testEntry = join(dist, "test/server.cjs");

/** A simulator that ends with the test, which fails when a scripted reply was never asked for. */
export async function simulate(options?: SimulatorOptions): Promise<Simulator> {
  const simulator = await startSimulator(options);
  onTestFinished(async () => {
    const unused = simulator.unusedReplies();
    await simulator.close();
    expect(unused, "scripted replies that nobody asked for").toEqual([]);
  });
  return simulator;
}

export interface ServerOptions {
  simulator: Simulator;
  home: Home;
  env?: Record<string, string>;
  limits?: Partial<Limits>;
  entry?: "shipped" | "test";
  /** The project folder that the host would be in. */
  cwd?: string;
  /** A command that starts the program, such as `unshare …`. */
  through?: readonly string[];
  /** Starts Node elsewhere than on this system. */
  start?: StartChild;
}

/** A running server and a real MCP client of it. */
export interface TestServer {
  client: Client;
  transport: ChildTransport;
  /** Call a tool; gives its text, its facts or error code, and the raw result. */
  call: (name: string, args?: Record<string, unknown>, options?: RequestOptions) => Promise<Answer>;
  stop: () => Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface Answer {
  text: string;
  isError: boolean;
  /** The code of an error result. */
  code: string | undefined;
  facts: Record<string, unknown>;
  raw: CallToolResult;
}

/** The settings that point the program at the simulator and at a throwaway home. */
export function simulatedSettings(
  simulator: Pick<Simulator, "issuer" | "baseUrl">,
  home: Home,
): Record<string, string> {
  return {
    CODEX_ISSUER: simulator.issuer,
    CODEX_BASE_URL: simulator.baseUrl,
    CODEX_AUTH_FILE: home.authFile,
    CODEX_STATE_DIR: home.stateDir,
    CODEX_CALLBACK_PORTS: "0",
    CODEX_NO_BROWSER: "1",
    CODEX_DEBUG: "1", // so that every test also searches the log for secrets
  };
}

/** What each answer says of its origin: the simulator isn't OpenAI's. */
export function originNote({ baseUrl }: Pick<Simulator, "baseUrl">): string {
  return `from ${new URL(baseUrl).host}, not from OpenAI`;
}

/** The environment of a server with these settings. */
export function serverEnvironment({ simulator, home, env, limits }: ServerOptions): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home.path,
    TZ: "UTC",
    ...simulatedSettings(simulator, home),
    TEST_LIMITS: JSON.stringify(limits ?? {}),
    ...env,
  };
}

/**
 * Start a server process and connect a client. When the test ends it is stopped, and everything it
 * wrote is checked: each stdout line is JSON-RPC, and no secret of the simulator is anywhere.
 */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const transport = startProcess(options);
  const client = new Client({ name: "codex-oauth-tests", version: "1.0.0" });
  await client.connect(transport);
  return {
    client,
    transport,
    call: async (name, args = {}, requestOptions) => {
      const result = await client.callTool({ name, arguments: args }, undefined, requestOptions);
      return toAnswer(result as CallToolResult);
    },
    stop: async () => {
      await client.close();
      return transport.exited;
    },
  };
}

/** Only the process, for tests that speak raw bytes; with the same checks at the end. */
export function startProcess(options: ServerOptions): ChildTransport {
  const entry = options.entry === "shipped" ? shippedEntry : testEntry;
  const env = serverEnvironment(options);
  const [command, ...wrapper] = [...(options.through ?? []), process.execPath];
  const transport = new ChildTransport(command, [...wrapper, entry], env, options.cwd, options.start);
  onTestFinished(async () => {
    transport.child.stdin.end();
    const killer = setTimeout(() => transport.child.kill("SIGKILL"), 25_000);
    await transport.exited;
    clearTimeout(killer);
    expectCleanOutput(transport, options);
  });
  return transport;
}

/** How many refreshes were asked for. */
export function refreshRequests(simulator: Simulator): number {
  return simulator.requests.filter(({ route }) => route === "token:refresh").length;
}

/** The line before an answer of Codex. */
const frame = /^Codex answers(?: \(.*\))?:\n\n/;

export function toAnswer(raw: CallToolResult): Answer {
  const error = raw._meta?.["codex-oauth/error"] as { code?: string } | undefined;
  return {
    text: raw.content
      .flatMap((part) => (part.type === "text" ? [part.text] : []))
      .join("\n")
      .replace(raw.isError === true ? "" : frame, ""),
    isError: raw.isError === true,
    code: error?.code,
    facts: (raw._meta?.["codex-oauth/result"] ?? {}) as Record<string, unknown>,
    raw,
  };
}

function expectCleanOutput(transport: ChildTransport, { simulator, home }: ServerOptions): void {
  for (const line of transport.lines) {
    const message = JSON.parse(line) as { jsonrpc?: unknown };
    expect(message.jsonrpc, `a stdout line is not JSON-RPC: ${line.slice(0, 80)}`).toBe("2.0");
  }
  const secrets = simulator.secrets();
  expectNoSecrets(transport.lines.join("\n"), secrets, "stdout");
  expectNoSecrets(transport.stderr, secrets, "stderr");
  if (!existsSync(home.stateDir)) return;
  for (const entry of readdirSync(home.stateDir, { withFileTypes: true, recursive: true })) {
    expectNoSecrets(entry.name, secrets, "a file name");
    if (!entry.isFile()) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
    expectNoSecrets(text, secrets, `state/${entry.name}`);
  }
}
