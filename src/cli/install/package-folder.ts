import { access } from "node:fs/promises";
import { join, sep } from "node:path";
import type { CommandContext } from "../command.ts";
import type { ServerEntry } from "./hosts.ts";

/** The package's name, by which `npx` fetches it. */
const packageName = "codex-oauth-mcp";

/**
 * The folder of this program, when it is one that Claude Code can run a plugin from; undefined, with
 * the reason on stderr, when it is not.
 */
export async function needPlace({ packageRoot: place, terminal }: CommandContext): Promise<string | undefined> {
  if (place === undefined || !(await isPlugin(place))) {
    terminal.stderr.write(
      "codex-oauth: this copy of the program is not in the folder of its package. Use a clone, or npm's.\n",
    );
    return undefined;
  }
  if (!isPassing(place)) return place;
  terminal.stderr.write(
    `codex-oauth: npx keeps this copy only for a while, and a plugin is run from where it lies. Run:\n` +
      `  npm install --global ${packageName}\n  codex-oauth install\n`,
  );
  return undefined;
}

/** How another host starts this program: from here, or anew by `npx` when this is its passing copy. */
export async function entryAt(context: CommandContext): Promise<ServerEntry | undefined> {
  const { packageRoot: place } = context;
  if (place !== undefined && isPassing(place)) {
    return { command: "npx", args: ["-y", packageName, "serve"] };
  }
  const folder = await needPlace(context);
  return folder === undefined
    ? undefined
    : { command: "node", args: [join(folder, "bin", "codex-oauth.mjs"), "serve"] };
}

/** npx installs into a folder of its cache that npm may empty at any time. */
function isPassing(place: string): boolean {
  return place.split(sep).includes("_npx");
}

async function isPlugin(place: string): Promise<boolean> {
  const manifest = join(place, ".claude-plugin", "marketplace.json");
  return access(manifest).then(
    () => true,
    () => false,
  );
}
