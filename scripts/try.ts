// `npm run try -- "question"`: one question through a real MCP client, the built server and, without
// a stored login, the simulator in place of OpenAI.
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { CallToolResult, Progress } from "@modelcontextprotocol/sdk/types.js";
import type { Simulator } from "../test/simulator/index.ts";
import { withSimulator, type Env } from "./try-simulator.ts";

const defaultQuestion = "Explain PKCE in one sentence.";
const loginWaitSeconds = 600;
const say = (text = ""): boolean => process.stdout.write(`${text}\n`);

/** Ctrl-C ends the run in order: the server is stopped and the throwaway folder removed. */
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      reject(new Error("Interrupted."));
    });
  }
});
interrupted.catch(() => undefined);

async function main(args: readonly string[]): Promise<void> {
  const wantsLogin = args.includes("--login");
  const question = args
    .filter((arg) => arg !== "--login")
    .join(" ")
    .trim();
  const env = ownEnvironment();
  if (wantsLogin || (await withServer(env, isSignedIn))) {
    say(wantsLogin ? "Signing in at OpenAI." : "Using the stored login: this asks the real service.");
    await withServer(env, async (client) => {
      if (wantsLogin) await show(client, "codex_login", { wait_seconds: loginWaitSeconds });
      if (question !== "" || !wantsLogin) await ask(client, question || defaultQuestion);
    });
    return;
  }
  say("No login is stored here, so a simulator on this machine (127.0.0.1) answers in place of OpenAI.");
  say("To log in for real: npm run try -- --login");
  await withSimulator(env, async (simulator, simulated) => {
    await withServer(simulated, (client) => ask(client, question || defaultQuestion, simulator));
  });
}

/** The way of the slash command: status, login where needed, models, query. */
async function ask(client: Client, question: string, simulator?: Simulator): Promise<void> {
  const { tools } = await client.listTools();
  say(`\nTools: ${tools.map(({ name }) => name).join(", ")}`);
  const status = await show(client, "codex_status");
  if (simulator !== undefined && factsOf(status).signedIn !== true) await signIn(client, simulator);
  await show(client, "codex_models");
  await show(client, "codex_query", { prompt: question });
}

async function signIn(client: Client, simulator: Simulator): Promise<void> {
  const { authorizationUrl } = factsOf(await show(client, "codex_login", { wait_seconds: 0 }));
  if (authorizationUrl === undefined) throw new Error("codex_login gave no URL");
  say("\n(the simulator follows the URL, as a browser would)");
  await simulator.signIn(authorizationUrl);
  await show(client, "codex_status");
}

/** Call a tool, print its progress as it comes and its text; a failure ends the run. */
async function show(client: Client, name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> {
  say(`\n> ${name} ${Object.keys(args).length === 0 ? "" : JSON.stringify(args)}`.trimEnd());
  const onprogress = ({ message }: Progress): void => {
    say(`  … ${message ?? ""}`);
  };
  const timeout = (loginWaitSeconds + 60) * 1000;
  // A login that is not waited for gives its URL in the text at once: once is enough.
  const options = args["wait_seconds"] === 0 ? { timeout } : { timeout, onprogress };
  const result = (await client.callTool({ name, arguments: args }, undefined, options)) as CallToolResult;
  say(textOf(result));
  if (result.isError === true) throw new Error(`${name} failed`);
  return result;
}

async function isSignedIn(client: Client): Promise<boolean> {
  const result = await client.callTool({ name: "codex_status", arguments: {} });
  return factsOf(result as CallToolResult).signedIn === true;
}

async function withServer<T>(env: Env, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ name: "codex-oauth-try", version: "1.0.0" });
  const command = { command: process.execPath, args: [join(__dirname, "main.cjs")], env };
  await client.connect(new StdioClientTransport(command));
  try {
    return await Promise.race([work(client), interrupted]);
  } finally {
    await client.close();
  }
}

function ownEnvironment(): Env {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function factsOf({ _meta }: CallToolResult): { authorizationUrl?: string; signedIn?: boolean } {
  return _meta?.["codex-oauth/result"] ?? {};
}

function textOf(result: CallToolResult): string {
  return result.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
