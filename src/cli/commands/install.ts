import { plainText } from "../../shared/text.ts";
import { confirmed } from "../confirm.ts";
import { addPlugin, installCommands, shellCommand } from "../install/claude-code.ts";
import { UsageError, type Command, type CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { hostConfiguration, hosts, type Host, type OperatingSystem } from "../install/hosts.ts";
import { entryAt, needPlace } from "../install/package-folder.ts";
import { writeShortcuts } from "../install/shortcuts.ts";

const others: readonly string[] = hosts;

export const install: Command = {
  name: "install",
  summary: "Add the plugin to Claude Code, or show another host's set-up",
  usage: "[OPTIONS]",
  options: {
    host: {
      type: "string",
      value: "HOST",
      meaning: "claude-code when left out; the others: see below",
    },
    print: { type: "boolean", meaning: "only show what to do; for the other hosts" },
    yes: { type: "boolean", short: "y", meaning: "also the shortcuts, unasked" },
    "no-shortcuts": { type: "boolean", meaning: "no shortcuts, and no question" },
  },
  takesPositionals: false,
  notes: [
    `The other hosts: ${hosts.join(", ")}.`,
    "The shortcuts are commands of your own: /codex in place of /codex-oauth:codex.",
    "No file of yours is replaced.",
  ],
  needs: [],
  check({ options }, { stdinIsTty }) {
    const host = options["host"] ?? "claude-code";
    if (host !== "claude-code" && !others.includes(String(host))) {
      throw new UsageError(`install: --host takes claude-code, ${hosts.join(", ")}`);
    }
    if (options["print"] === true) return;
    if (host !== "claude-code") {
      throw new UsageError(`install: for ${String(host)} it only shows what to do; add --print`);
    }
    if (options["yes"] === true && options["no-shortcuts"] === true) {
      throw new UsageError("install: --yes and --no-shortcuts exclude each other");
    }
    if (options["yes"] !== true && options["no-shortcuts"] !== true && !stdinIsTty) {
      throw new UsageError("install: it asks; add --yes or --no-shortcuts where nobody can answer");
    }
  },
  async run({ options }, context) {
    const host = String(options["host"] ?? "claude-code");
    if (host !== "claude-code") return printHost(host as Host, context);
    const place = await needPlace(context);
    if (place === undefined) return exitCodes.failed.code;
    const { stdout } = context.terminal;
    if (options["print"] === true) {
      stdout.write(`${installCommands(place).map(shellCommand).join("\n")}\n`);
      return exitCodes.ok.code;
    }
    if (!(await addPlugin(place, context))) return exitCodes.failed.code;
    stdout.write(`The plugin is installed. Claude Code runs it from ${place}: keep that folder.\n`);
    if (await wantsShortcuts(options, context)) await writeShortcuts(place, context);
    stdout.write("Restart Claude Code, then ask: /codex-oauth:codex Is a mutex needed here?\n");
    return exitCodes.ok.code;
  },
};

async function wantsShortcuts(
  options: Readonly<Record<string, string | boolean | undefined>>,
  context: CommandContext,
): Promise<boolean> {
  if (options["yes"] === true) return true;
  if (options["no-shortcuts"] === true) return false;
  return confirmed("Add /codex and the other commands to your own, too?", context, "");
}

/** The configuration alone on stdout, so that it can be piped; where it goes on stderr. */
async function printHost(host: Host, context: CommandContext): Promise<number> {
  const entry = await entryAt(context);
  if (entry === undefined) return exitCodes.failed.code;
  const { file, text } = hostConfiguration(host, entry);
  const { stdout, stderr } = context.terminal;
  stderr.write(`This goes into ${file[system(context.codex.context.platform)]}:\n\n`);
  stdout.write(plainText(text));
  return exitCodes.ok.code;
}

/** Of "linux 6.1.0; x64". */
function system(platform: string): OperatingSystem {
  if (/^(win32|windows)/i.test(platform)) return "windows";
  return /^(darwin|mac)/i.test(platform) ? "macos" : "linux";
}
