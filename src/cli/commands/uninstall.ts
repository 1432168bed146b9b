import { UsageError, type Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { removePlugin } from "../install/claude-code.ts";
import { requirePackageRoot } from "../install/package-folder.ts";
import { removeShortcuts } from "../install/shortcuts.ts";
import { confirmed } from "../terminal/input.ts";

export const uninstall: Command = {
  name: "uninstall",
  summary: "Remove the plugin and its shortcuts from Claude Code",
  usage: "[OPTIONS]",
  options: {
    host: { type: "string", value: "HOST", meaning: "claude-code, which it is when left out" },
    yes: { type: "boolean", short: "y", meaning: "remove them unasked" },
  },
  notes: ["A shortcut that somebody has changed stays. So does the login: see logout."],
  needs: [],
  check({ options }, { stdinIsTty }) {
    if ((options["host"] ?? "claude-code") !== "claude-code") {
      throw new UsageError("uninstall: --host takes claude-code; elsewhere remove the entry by hand");
    }
    if (options["yes"] !== true && !stdinIsTty) {
      throw new UsageError("uninstall: it asks first; add --yes where nobody can answer");
    }
  },
  async run({ options }, context) {
    const packageRoot = requirePackageRoot(context);
    if (packageRoot === undefined) return exitCodes.failed.code;
    if (options["yes"] !== true && !(await confirmed("Remove the plugin?", context))) {
      return exitCodes.failed.code;
    }
    const removed = await removePlugin(context);
    if (removed) context.terminal.stdout.write("The plugin is not in Claude Code any more.\n");
    await removeShortcuts(packageRoot, context);
    if (!removed) return exitCodes.failed.code;
    context.terminal.stdout.write("The login stays; codex-oauth logout ends it.\n");
    return exitCodes.ok.code;
  },
};
