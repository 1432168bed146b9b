import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import type { CommandContext } from "../command.ts";
import type { ServerEntry } from "./hosts.ts";

/** The package's name in npm's registry. */
const packageName = "codex-oauth-mcp";

/** The folder of this program if Claude Code can run a plugin from it; else undefined, with the reason on stderr. */
export function requirePackageRoot({ packageRoot, terminal }: CommandContext): string | undefined {
  if (packageRoot === undefined || !isPlugin(packageRoot)) {
    terminal.stderr.write(
      "codex-oauth: this copy of the program is not in the folder of its package. Use a clone, or npm's.\n",
    );
    return undefined;
  }
  if (!isNpxCache(packageRoot)) return packageRoot;
  terminal.stderr.write(
    `codex-oauth: npx keeps this copy only for a while, and a plugin is run from where it lies. Run:\n` +
      `  npm install --global ${packageName}\n  codex-oauth install\n`,
  );
  return undefined;
}

/** How another client starts this program: from its folder, or through `npx` if this copy is in npx's cache. */
export function serverEntry(context: CommandContext): ServerEntry | undefined {
  const { packageRoot } = context;
  if (packageRoot !== undefined && isNpxCache(packageRoot)) {
    return { command: "npx", args: ["-y", packageName, "serve"] };
  }
  const folder = requirePackageRoot(context);
  return folder === undefined
    ? undefined
    : { command: "node", args: [join(folder, "bin", "codex-oauth.mjs"), "serve"] };
}

/** npx installs into its cache, which npm may empty at any time. */
function isNpxCache(packageRoot: string): boolean {
  return packageRoot.split(sep).includes("_npx");
}

function isPlugin(packageRoot: string): boolean {
  return existsSync(join(packageRoot, ".claude-plugin", "marketplace.json"));
}
