import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandContext } from "../command.ts";
import { removeMarked, writeMarked, type FileState } from "./marked-files.ts";

/** A command without the plugin's name in front: `/codex`. */
interface Shortcut {
  name: string;
  path: string;
  before: FileState;
}

/** Copies the plugin's commands to the user's own, and prints the result for each. */
export async function writeShortcuts(packageRoot: string, context: CommandContext): Promise<void> {
  const { stdout, stderr } = context.terminal;
  const folder = commandFolder(context);
  if (folder === undefined) {
    stderr.write("No shortcuts: nobody can tell where your own commands are.\n");
    return;
  }
  const shortcuts = await eachShortcut(packageRoot, folder, async (path, source) =>
    writeMarked(path, await readFile(source, "utf8")),
  );
  const written = shortcuts.filter(({ before }) => before === "absent" || before === "unchanged");
  if (written.length > 0) stdout.write(`Shortcuts: ${written.map(({ name }) => name).join(", ")} (in ${folder}).\n`);
  for (const shortcut of shortcuts) reportKept(shortcut, context);
}

/** Removes the unchanged ones, and names those that were changed. */
export async function removeShortcuts(packageRoot: string, context: CommandContext): Promise<void> {
  const folder = commandFolder(context);
  if (folder === undefined) return;
  const shortcuts = await eachShortcut(packageRoot, folder, removeMarked);
  const removed = shortcuts.filter(({ before }) => before === "unchanged").map(({ name }) => name);
  if (removed.length > 0) context.terminal.stdout.write(`Removed the shortcuts ${removed.join(", ")}.\n`);
  for (const shortcut of shortcuts) if (shortcut.before === "changed") reportKept(shortcut, context);
}

async function eachShortcut(
  packageRoot: string,
  folder: string,
  update: (path: string, source: string) => Promise<FileState>,
): Promise<Shortcut[]> {
  const sources = join(packageRoot, "commands");
  const files = (await readdir(sources)).filter((file) => file.endsWith(".md")).sort();
  const shortcuts: Shortcut[] = [];
  for (const file of files) {
    const path = join(folder, file);
    shortcuts.push({ name: `/${file.slice(0, -".md".length)}`, path, before: await update(path, join(sources, file)) });
  }
  return shortcuts;
}

function reportKept({ name, path, before }: Shortcut, { terminal }: CommandContext): void {
  if (before !== "changed" && before !== "foreign") return;
  const why = before === "changed" ? "somebody has changed it" : "it is not ours";
  terminal.stderr.write(`${name} stays as it is: ${why} (${path}).\n`);
}

function commandFolder({ codex }: CommandContext): string | undefined {
  const { claudeHome } = codex.context.config;
  return claudeHome === "" ? undefined : join(claudeHome, "commands");
}
