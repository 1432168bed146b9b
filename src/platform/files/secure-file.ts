import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { lstat, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { CodexError } from "../../shared/errors.ts";
import { act, either, setVariable, type NextSteps } from "../../shared/next-step.ts";
import { sleep, type Clock } from "../clock.ts";
import { foreignLink } from "./folder-owner.ts";
import { errnoOf, storageError } from "./errors.ts";

/** Nobody's login file is larger. */
const maxFileBytes = 4 * 1024 * 1024;

/** Rename is tried again while another program (a virus scanner, an indexer) has the file open. */
const renameAttempts = 6;

// Windows lacks the last two; undefined counts as zero there, and the checks after opening remain.
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * The text of a private file, or undefined when there is none.
 *
 * @returns undefined where there is none, "" where it is not UTF-8: no JSON either
 * @throws CodexError `STORAGE` for a symbolic link, a file of another user, anything that is not a regular file, or one
 *   of absurd size.
 */
export async function readSecureFile(path: string): Promise<string | undefined> {
  refuseForeignLinks(path);
  try {
    // NONBLOCK: opening a FIFO must not wait for its writer.
    const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await handle.stat();
      refuse(path, stat);
      if (stat.size > maxFileBytes) throw refusal(path, "It is far too large.");
      const bytes = await handle.readFile();
      // With replacement characters a foreign entry would be written back changed.
      return isUtf8(bytes) ? bytes.toString("utf8") : "";
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw storageError(error, path, "read the login file");
  }
}

/**
 * Replace a private file as a whole: readers see the old content or the new, also after a crash or on a full disk. The
 * file is 0600 from the first moment.
 *
 * @param temporary where the new content is prepared, in the same folder
 * @throws CodexError `STORAGE`; the old content is then untouched.
 */
export async function writeSecureFile(path: string, text: string, temporary: string, clock: Clock): Promise<void> {
  refuseForeignLinks(path);
  try {
    await writeSynced(temporary, text);
    try {
      const existing = await lstat(path).catch(() => undefined);
      if (existing !== undefined) refuse(path, existing);
      await renameWithPatience(temporary, path, clock);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw storageError(error, path, "write the login file");
  }
  // After the rename the content is saved, whatever the folder's sync says.
  await syncDirectory(dirname(path)).catch(() => undefined);
}

/**
 * Find out whether `bytes` could be written beside `path` right now, before something is spent that could then not be
 * saved.
 *
 * @throws CodexError `STORAGE`
 */
export async function rehearseWrite(path: string, bytes: number, temporary: string): Promise<void> {
  try {
    await writeSynced(temporary, " ".repeat(bytes));
    await unlink(temporary);
  } catch (error) {
    throw storageError(error, path, "write the login file");
  }
}

/** Create a private folder where it is missing; an existing one stays as it is. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storageError(error, path, "create the folder");
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    // A umask can only take rights away, also the owner's own.
    await handle.chmod(0o600);
    await handle.writeFile(text, "utf8");
    await handle.sync();
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

async function renameWithPatience(from: string, to: string, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const passing = ["EBUSY", "EPERM", "EACCES"].includes(errnoOf(error) ?? "");
      if (!passing || attempt === renameAttempts) throw error;
      await sleep(clock, 20 * attempt);
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

interface FileFacts {
  isFile(): boolean;
  isSymbolicLink(): boolean;
  uid: number;
}

function refuse(path: string, stat: FileFacts): void {
  if (stat.isSymbolicLink()) throw refusal(path, "It is a symbolic link.");
  if (!stat.isFile()) throw refusal(path, "It is not a regular file.");
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid) {
    throw refusal(path, `It belongs to another user (uid ${stat.uid}).`);
  }
}

function refuseForeignLinks(path: string): void {
  const link = foreignLink(dirname(path));
  if (link === undefined) return;
  throw refusal(path, `The folder ${link.path} is a link of another user (uid ${link.uid}).`);
}

/** For a path that holds something else than a login file of this user. */
export const ownFile: NextSteps = [
  either(act("Put a regular file of your own there (or remove what is there)"), setVariable("CODEX_AUTH_FILE")),
];

function refusal(path: string, why: string): CodexError {
  return new CodexError("STORAGE", `The login file ${path} is refused.`, {
    why,
    next: ownFile,
  });
}
