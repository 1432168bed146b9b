import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import { errnoOf } from "../../platform/files/errors.ts";

/** Of a file: not there, as we wrote it, ours but changed by somebody, or none of ours. */
export type Ownership = "absent" | "ours" | "changed" | "foreign";

const opening = "---\n";
const mark = "# Written by codex-oauth install, which may replace it while it is unchanged: ";

/**
 * A document with a mark of ours: a comment in its front matter, which no reader of the document sees,
 * with a digest of all the rest.
 */
function marked(text: string): string {
  if (!text.startsWith(opening)) throw new Error("the document has no front matter");
  return `${opening}${mark}${digest(text)}\n${text.slice(opening.length)}`;
}

/** Whose file it is. What cannot be read, and what is no regular file, is none of ours. */
async function ownership(path: string): Promise<Ownership> {
  try {
    if (!(await lstat(path)).isFile()) return "foreign";
    return ownerOf(await readFile(path, "utf8"));
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "") ? "absent" : "foreign";
  }
}

/**
 * Write it, where nothing is or what we wrote; gives whose file was there before.
 *
 * @throws CodexError `STORAGE`
 */
export async function writeMarked(path: string, text: string): Promise<Ownership> {
  const before = await ownership(path);
  if (before === "changed" || before === "foreign") return before;
  try {
    await mkdir(dirname(path), { recursive: true });
    // Whatever came between is not overwritten.
    await writeFile(path, marked(text), { flag: before === "absent" ? "wx" : "w" });
  } catch (error) {
    throw failure(error, "write", path);
  }
  return before;
}

/**
 * Remove it where it is as we wrote it; gives whose file it was.
 *
 * @throws CodexError `STORAGE`
 */
export async function removeMarked(path: string): Promise<Ownership> {
  const before = await ownership(path);
  try {
    if (before === "ours") await unlink(path);
  } catch (error) {
    throw failure(error, "remove", path);
  }
  return before;
}

function ownerOf(text: string): Ownership {
  if (!text.startsWith(opening + mark)) return "foreign";
  const end = text.indexOf("\n", opening.length);
  const told = text.slice(opening.length + mark.length, end);
  return told === digest(opening + text.slice(end + 1)) ? "ours" : "changed";
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
