import { plainText } from "../../shared/text.ts";
import { UsageError, type Arguments, type Command, type CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { addPlugin, installCommands, shellCommand } from "../install/claude-code.ts";
import { hostConfiguration, hosts, type Host, type OperatingSystem } from "../install/hosts.ts";
import { serverEntry, requirePackageRoot } from "../install/package-folder.ts";
import { writeShortcuts } from "../install/shortcuts.ts";
import { confirmed } from "../terminal/input.ts";

const otherHosts: readonly string[] = hosts;

export const install: Command = {
  name: "install",
  summary: "Add the plugin to Claude Code, or show another host's set-up",
  usage: "[OPTIONS]",
  options: {
    host: { type: "string", value: "HOST", meaning: "claude-code when left out; the others: see below" },
    print: { type: "boolean", meaning: "only show what to do; for the other hosts" },
    yes: { type: "boolean", short: "y", meaning: "also the shortcuts, unasked" },
    "no-shortcuts": { type: "boolean", meaning: "no shortcuts, and no question" },
  },
  notes: [
    `The other hosts: ${hosts.join(", ")}.`,
    "The shortcuts are commands of your own: /codex in place of /codex-oauth:codex.",
    "No file of yours is replaced.",
  ],
  needs: [],
  check({ options }, { stdinIsTty }) {
    const host = options["host"] ?? "claude-code";
    if (host !== "claude-code" && !otherHosts.includes(String(host))) {
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
    if (host !== "claude-code") return printConfiguration(host as Host, context);
    const packageRoot = requirePackageRoot(context);
    if (packageRoot === undefined) return exitCodes.failed.code;
    const { stdout } = context.terminal;
    if (options["print"] === true) {
      stdout.write(`${installCommands(packageRoot).map(shellCommand).join("\n")}\n`);
      return exitCodes.ok.code;
    }
    if (!(await addPlugin(packageRoot, context))) return exitCodes.failed.code;
    stdout.write(`The plugin is installed. Claude Code runs it from ${packageRoot}: keep that folder.\n`);
    if (await wantsShortcuts(options, context)) await writeShortcuts(packageRoot, context);
    stdout.write("Restart Claude Code, then ask: /codex-oauth:codex Is a mutex needed here?\n");
    return exitCodes.ok.code;
  },
};

async function wantsShortcuts(options: Arguments["options"], context: CommandContext): Promise<boolean> {
  if (options["yes"] === true) return true;
  if (options["no-shortcuts"] === true) return false;
  return confirmed("Add /codex and the other commands to your own, too?", context, "");
}

/** Prints the configuration alone on stdout, so that it can be piped, and the file's name on stderr. */
function printConfiguration(host: Host, context: CommandContext): number {
  const entry = serverEntry(context);
  if (entry === undefined) return exitCodes.failed.code;
  const { file, text } = hostConfiguration(host, entry);
  const { stdout, stderr } = context.terminal;
  stderr.write(`This goes into ${file[operatingSystem(context.codex.context.platform)]}:\n\n`);
  stdout.write(plainText(text));
  return exitCodes.ok.code;
}

/** @param platform "linux 6.1.0; x64" */
function operatingSystem(platform: string): OperatingSystem {
  if (/^(win32|windows)/i.test(platform)) return "windows";
  return /^(darwin|mac)/i.test(platform) ? "macos" : "linux";
}
