import { findProgram, type ProgramEnd, runProgram } from "../../platform/programs.ts";
import type { CommandContext } from "../command.ts";

/** The marketplace, and the plugin in it, as .claude-plugin/ names them. */
const marketplace = "codex-oauth";
const pluginId = `codex-oauth@${marketplace}`;

/** What adds the plugin, as arguments of `claude`. */
export function installCommands(place: string): string[][] {
  return [
    ["plugin", "marketplace", "add", place],
    ["plugin", "install", pluginId],
  ];
}

/** What removes it, and how `claude` tells whether there is anything to remove. */
const removals = [
  {
    look: ["plugin", "list", "--json"],
    names: new RegExp(`"id":\\s*"${pluginId}"`),
    remove: ["plugin", "uninstall", pluginId],
  },
  {
    look: ["plugin", "marketplace", "list", "--json"],
    names: new RegExp(`"name":\\s*"${marketplace}"`),
    remove: ["plugin", "marketplace", "remove", marketplace],
  },
];

/** Add marketplace and plugin; false, with what went wrong on stderr, where that failed. */
export async function addPlugin(place: string, context: CommandContext): Promise<boolean> {
  const claude = await findClaude(context);
  if (claude === undefined) return false;
  for (const args of installCommands(place)) {
    if (!(await succeeds(claude, args, context))) return false;
  }
  return true;
}

/** Remove what is there of both; false, with what went wrong on stderr, where that failed. */
export async function removePlugin(context: CommandContext): Promise<boolean> {
  const claude = await findClaude(context);
  if (claude === undefined) return false;
  for (const { look, names, remove } of removals) {
    const { code, stdout } = await run(claude, look, context);
    if (code === 0 && !names.test(stdout)) continue;
    if (!(await succeeds(claude, remove, context))) return false;
  }
  return true;
}

/** A command line as a person would type it. */
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
  const said = context.codex.context.redactor.redactAll(`${end.stdout}\n${end.stderr}`.trim());
  const how = end.code === undefined ? "" : ` (${end.code})`;
  context.terminal.stderr.write(`codex-oauth: this failed${how}: ${shellCommand(args)}\n${said}\n`);
  return false;
}

/** One that cannot be started has failed, too, in the system's words. */
async function run(claude: string, args: readonly string[], { signal }: CommandContext): Promise<ProgramEnd> {
  try {
    return await runProgram(claude, args, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { code: undefined, stdout: "", stderr: error instanceof Error ? error.message : "" };
  }
}
