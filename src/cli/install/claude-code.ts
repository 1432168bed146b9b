import { findProgram, type ProgramEnd, runProgram } from "../../platform/programs.ts";
import type { CommandContext } from "../command.ts";

/** The names in .claude-plugin/. */
const marketplace = "codex-oauth";
const pluginId = `codex-oauth@${marketplace}`;

/** The commands that add the plugin, as arguments of `claude`. */
export function installCommands(packageRoot: string): string[][] {
  return [
    ["plugin", "marketplace", "add", packageRoot],
    ["plugin", "install", pluginId],
  ];
}

/** The commands that remove it, and those that list whether there is anything to remove. */
const removals = [
  {
    list: ["plugin", "list", "--json"],
    installed: new RegExp(`"id":\\s*"${pluginId}"`),
    remove: ["plugin", "uninstall", pluginId],
  },
  {
    list: ["plugin", "marketplace", "list", "--json"],
    installed: new RegExp(`"name":\\s*"${marketplace}"`),
    remove: ["plugin", "marketplace", "remove", marketplace],
  },
];

/** Adds marketplace and plugin. On failure prints the reason on stderr and resolves with false. */
export async function addPlugin(packageRoot: string, context: CommandContext): Promise<boolean> {
  const claude = await findClaude(context);
  if (claude === undefined) return false;
  for (const args of installCommands(packageRoot)) {
    if (!(await succeeds(claude, args, context))) return false;
  }
  return true;
}

/** Removes plugin and marketplace, if they are installed. Fails like `addPlugin`. */
export async function removePlugin(context: CommandContext): Promise<boolean> {
  const claude = await findClaude(context);
  if (claude === undefined) return false;
  for (const { list, installed, remove } of removals) {
    const { code, stdout } = await run(claude, list, context);
    if (code === 0 && !installed.test(stdout)) continue;
    if (!(await succeeds(claude, remove, context))) return false;
  }
  return true;
}

/** A command line as a user would type it. */
export function shellCommand(args: readonly string[]): string {
  const words = args.map((word) => (/^[\w@/.:\\-]+$/.test(word) ? word : `"${word}"`));
  return `claude ${words.join(" ")}`;
}

async function findClaude({ codex, terminal }: CommandContext): Promise<string | undefined> {
  const claude = await findProgram("claude", codex.context.config.desktop.searchPath);
  if (claude === undefined) {
    terminal.stderr.write(
      "codex-oauth: there is no claude in the PATH. Install Claude Code, or start this where it is found.\n",
    );
  }
  return claude;
}

async function succeeds(claude: string, args: readonly string[], context: CommandContext): Promise<boolean> {
  const end = await run(claude, args, context);
  if (end.code === 0) return true;
  const output = context.codex.context.redactor.redactAll(`${end.stdout}\n${end.stderr}`.trim());
  const how = end.code === undefined ? "" : ` (${end.code})`;
  context.terminal.stderr.write(`codex-oauth: this failed${how}: ${shellCommand(args)}\n${output}\n`);
  return false;
}

/** A program that can't be started counts as failed, with the system's message as stderr. */
async function run(claude: string, args: readonly string[], { codex, signal }: CommandContext): Promise<ProgramEnd> {
  const { systemRoot } = codex.context.config;
  try {
    return await runProgram(claude, args, { signal, systemRoot });
  } catch (error) {
    signal.throwIfAborted();
    return { code: undefined, stdout: "", stderr: error instanceof Error ? error.message : "" };
  }
}
