import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../../platform/files/errors.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";

/** A file that is missing, unchanged since codex-oauth wrote it, changed since then, or written by others. */
export type FileState = "absent" | "unchanged" | "changed" | "foreign";

const opening = "---\n";
const mark = "# Written by codex-oauth install, which may replace it while it is unchanged: ";

/** Adds the mark: a comment in the front matter, which isn't rendered, with a digest of all the rest. */
function marked(text: string): string {
  if (!text.startsWith(opening)) throw new Error("the document has no front matter");
  return `${opening}${mark}${digest(text)}\n${text.slice(opening.length)}`;
}

/** An unreadable file, or one that is not regular, is foreign. */
async function stateOf(path: string): Promise<FileState> {
  try {
    if (!(await lstat(path)).isFile()) return "foreign";
    return stateOfText(await readFile(path, "utf8"));
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "") ? "absent" : "foreign";
  }
}

/**
 * Writes the file with its mark, if it is absent or unchanged. Resolves with its state before.
 *
 * @throws CodexError `STORAGE`
 */
export async function writeMarked(path: string, text: string): Promise<FileState> {
  const before = await stateOf(path);
  if (before === "changed" || before === "foreign") return before;
  try {
    await mkdir(dirname(path), { recursive: true });
    // A file created in the meantime is not overwritten.
    await writeFile(path, marked(text), { flag: before === "absent" ? "wx" : "w" });
  } catch (error) {
    throw failure(error, "write", path);
  }
  return before;
}

/**
 * Removes the file if it is unchanged. Resolves with its state before.
 *
 * @throws CodexError `STORAGE`
 */
export async function removeMarked(path: string): Promise<FileState> {
  const before = await stateOf(path);
  try {
    if (before === "unchanged") await unlink(path);
  } catch (error) {
    throw failure(error, "remove", path);
  }
  return before;
}

function stateOfText(text: string): FileState {
  if (!text.startsWith(opening + mark)) return "foreign";
  const end = text.indexOf("\n", opening.length);
  const stored = text.slice(opening.length + mark.length, end);
  return stored === digest(opening + text.slice(end + 1)) ? "unchanged" : "changed";
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function failure(error: unknown, what: string, path: string): CodexError {
  return new CodexError("STORAGE", `Could not ${what} ${path} (${errnoOf(error) ?? "unknown"}).`, {
    next: [act("Correct the rights of that folder"), retry],
    cause: error,
  });
}
