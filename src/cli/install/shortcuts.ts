import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { removeMarked, writeMarked, type Ownership } from "./marked-files.ts";
import type { CommandContext } from "../command.ts";

/** A command that the person has without the plugin's name in front: `/codex`. */
interface Shortcut {
  name: string;
  path: string;
  before: Ownership;
}

/** Copy the plugin's commands to the person's own, and say what became of each. */
export async function writeShortcuts(place: string, context: CommandContext): Promise<void> {
  if (context.codex.context.config.claudeHome === "") {
    context.terminal.stderr.write("No shortcuts: nobody can tell where your own commands are.\n");
    return;
  }
  const from = join(place, "commands");
  const written: Shortcut[] = [];
  for (const file of await commandFiles(place)) {
    const path = join(folderOf(context), file);
    const before = await writeMarked(path, await readFile(join(from, file), "utf8"));
    written.push({ name: nameOf(file), path, before });
  }
  const names = written.filter(({ before }) => before === "absent" || before === "ours");
  if (names.length > 0) {
    const list = names.map(({ name }) => `/${name}`).join(", ");
    context.terminal.stdout.write(`Shortcuts: ${list} (in ${folderOf(context)}).\n`);
  }
  sayKept(written, context);
}

/** Remove those that are as we wrote them, and name the others. */
export async function removeShortcuts(place: string, context: CommandContext): Promise<void> {
  if (context.codex.context.config.claudeHome === "") return;
  const removed: Shortcut[] = [];
  for (const file of await commandFiles(place)) {
    const path = join(folderOf(context), file);
    removed.push({ name: nameOf(file), path, before: await removeMarked(path) });
  }
  const names = removed.filter(({ before }) => before === "ours").map(({ name }) => `/${name}`);
  if (names.length > 0) {
    context.terminal.stdout.write(`Removed the shortcuts ${names.join(", ")}.\n`);
  }
  sayKept(
    removed.filter(({ before }) => before === "changed"),
    context,
  );
}

function sayKept(shortcuts: readonly Shortcut[], { terminal }: CommandContext): void {
  for (const { name, path, before } of shortcuts) {
    const why = before === "changed" ? "somebody has changed it" : before === "foreign" ? "it is not ours" : undefined;
    if (why !== undefined) terminal.stderr.write(`/${name} stays as it is: ${why} (${path}).\n`);
  }
}

async function commandFiles(place: string): Promise<string[]> {
  const files = await readdir(join(place, "commands"));
  return files.filter((file) => file.endsWith(".md")).sort();
}

function folderOf({ codex }: CommandContext): string {
  return join(codex.context.config.claudeHome, "commands");
}

function nameOf(file: string): string {
  return file.slice(0, -".md".length);
}
