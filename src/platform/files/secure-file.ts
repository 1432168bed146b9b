import { isUtf8 } from "node:buffer";
import { constants, type Stats } from "node:fs";
import { lstat, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { CodexError } from "../../shared/errors.ts";
import { act, either, setVariable, type NextSteps } from "../../shared/next-step.ts";
import { sleep, type Clock } from "../clock.ts";
import { foreignLink } from "./folder-owner.ts";
import { errnoOf, storageError } from "./errors.ts";

/** Far above any real login file. */
const maxFileBytes = 4 * 1024 * 1024;

/** On Windows, rename fails while another program (virus scanner, indexer) has the file open. */
const renameAttempts = 6;

// Windows lacks the last two (undefined counts as zero); the checks after opening still apply there.
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Reads a private file.
 *
 * @returns undefined if the file is missing; "" if it isn't UTF-8, since replacement characters would corrupt other
 *   programs' entries when the file is written back
 * @throws CodexError `STORAGE` if it is a symbolic link, another user's file, not a regular file, or larger than 4 MiB
 */
export async function readSecureFile(path: string): Promise<string | undefined> {
  assertNoForeignLink(path);
  try {
    // NONBLOCK: opening a FIFO must not wait for its writer.
    const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await handle.stat();
      assertOwnRegularFile(path, stat);
      if (stat.size > maxFileBytes) throw refusal(path, "It is far too large.");
      const bytes = await handle.readFile();
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
 * Replaces a private file atomically, even across a crash or a full disk. The new file has mode 0600 from the start.
 *
 * @param temporary path of the temporary file, in the same folder
 * @throws CodexError `STORAGE`; the old content is then unchanged
 */
export async function writeSecureFile(path: string, text: string, temporary: string, clock: Clock): Promise<void> {
  assertNoForeignLink(path);
  try {
    await writeSynced(temporary, text);
    try {
      const existing = await lstat(path).catch(() => undefined);
      if (existing !== undefined) assertOwnRegularFile(path, existing);
      await renameWithRetries(temporary, path, clock);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw storageError(error, path, "write the login file");
  }
  // The rename has saved the content, even if syncing the folder fails.
  await syncDirectory(dirname(path)).catch(() => undefined);
}

/**
 * Checks that `bytes` could be written beside `path` now, before a single-use token is sent whose successor must be
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

/** Creates a missing folder with mode 0700; an existing one is not changed. */
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
    // A umask may remove even the owner's permissions.
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

async function renameWithRetries(from: string, to: string, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const transient = ["EBUSY", "EPERM", "EACCES"].includes(errnoOf(error) ?? "");
      if (!transient || attempt === renameAttempts) throw error;
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

function assertOwnRegularFile(path: string, stat: Stats): void {
  if (stat.isSymbolicLink()) throw refusal(path, "It is a symbolic link.");
  if (!stat.isFile()) throw refusal(path, "It is not a regular file.");
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid) throw refusal(path, `It belongs to another user (uid ${stat.uid}).`);
}

function assertNoForeignLink(path: string): void {
  const link = foreignLink(dirname(path));
  if (link === undefined) return;
  throw refusal(path, `The folder ${link.path} is a link of another user (uid ${link.uid}).`);
}

/** Next steps if the path holds something other than this user's login file. */
export const ownFile: NextSteps = [
  either(act("Put a regular file of your own there (or remove what is there)"), setVariable("CODEX_AUTH_FILE")),
];

function refusal(path: string, why: string): CodexError {
  return new CodexError("STORAGE", `The login file ${path} is refused.`, { why, next: ownFile });
}
