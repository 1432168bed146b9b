import { isUtf8 } from "node:buffer";
import { constants, type BigIntStats } from "node:fs";
import { lstat, mkdir, open, readFile, realpath, rename, unlink, type FileHandle } from "node:fs/promises";
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
const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A private file as it was read. */
interface SecureFile {
  /** "" if it isn't UTF-8: replacement characters would corrupt other programs' entries when it is written back. */
  text: string;
  /** Changes with every write of the file, by any program. */
  version: string;
  /** Permission bits that let other users at it; 0 on Windows. */
  openTo: number;
}

/**
 * Reads a private file; undefined if it is missing.
 *
 * @throws CodexError `STORAGE` if it is a symbolic link, another user's file, not a regular file, or larger than 4 MiB
 */
export async function readSecureFile(path: string): Promise<SecureFile | undefined> {
  assertNoForeignLink(path);
  try {
    // NONBLOCK: opening a FIFO must not wait for its writer.
    const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await handle.stat({ bigint: true });
      assertOwnRegularFile(path, stat);
      if (stat.size > maxFileBytes) throw refusal(path, "It is far too large.");
      const bytes = await handle.readFile();
      return { text: isUtf8(bytes) ? bytes.toString("utf8") : "", version: versionOf(stat), openTo: openTo(stat) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw storageError(error, path, "read the login file");
  }
}

/**
 * Replaces a private file atomically, even across a crash or a full disk. The new file has mode 0600 from the start. A
 * file that is itself a mount point can't be replaced: it is overwritten, with a copy beside it until that is done.
 *
 * @param temporary path of the temporary file, in the same folder; `prepareFile` may have made it
 * @param expected the version that may be replaced; undefined: none, the file is missing
 * @returns false if the file has another version: another program has changed it, and nothing was written
 * @throws CodexError `STORAGE`; the old content is then unchanged
 */
export async function writeSecureFile(
  path: string,
  text: string,
  temporary: string,
  clock: Clock,
  expected: string | undefined,
): Promise<boolean> {
  assertNoForeignLink(path);
  try {
    await writeSynced(temporary, text);
    try {
      const isMounted = await isMountPoint(path);
      const existing = await lstat(path, { bigint: true }).catch(() => undefined); // the last look, right before the change
      if (existing !== undefined) assertOwnRegularFile(path, existing);
      if ((existing && versionOf(existing)) !== expected) {
        await unlink(temporary);
        return false;
      }
      if (isMounted) await overwrite(path, text, temporary);
      else await renameWithRetries(temporary, path, clock);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw storageError(error, path, "write the login file");
  }
  // The rename has saved the content, even if syncing the folder fails.
  await syncDirectory(dirname(path)).catch(() => undefined);
  return true;
}

/**
 * Makes a temporary file of that size, for a later `writeSecureFile`. Its space is taken from now on: a disk that fills
 * up before a single-use token's successor is saved does no harm.
 *
 * @throws CodexError `STORAGE`
 */
export async function prepareFile(path: string, bytes: number, temporary: string): Promise<void> {
  try {
    await writeSynced(temporary, " ".repeat(bytes));
    // A mounted file is overwritten, which its own rights must allow.
    if (await isMountPoint(path)) await (await open(path, O_RDWR | O_NOFOLLOW)).close();
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw storageError(error, path, "write the login file");
  }
}

/** The copy of a mounted file that was being overwritten, if that was interrupted; undefined if there is none. */
export async function interruptedCopy(path: string): Promise<SecureFile | undefined> {
  return (await isMountPoint(path)) ? readSecureFile(copyOf(path)) : undefined;
}

/** Whether the file itself is a mount point, as with `docker run -v …/auth.json:…/auth.json`: it can't be replaced. */
export async function isMountPoint(path: string): Promise<boolean> {
  // Linux only, as are such mounts. Field 5 is the mount point; blanks and the like are octal.
  const mounts = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  const real = await realpath(path).catch(() => path);
  return mounts
    .split("\n")
    .some((line) => line.split(" ")[4]?.replace(/\\(\d{3})/g, (_, code: string) => octalChar(code)) === real);
}

/** Creates a missing folder with mode 0700; an existing one is not changed. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storageError(error, path, "create the folder");
  }
}

/** Creates the file, or writes over one that this process has prepared: in place, to use the space that it has. */
async function writeSynced(path: string, text: string): Promise<void> {
  const create = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  const handle = await create.catch((error: unknown) => {
    if (errnoOf(error) === "EEXIST") return open(path, O_WRONLY | O_NOFOLLOW);
    throw error;
  });
  try {
    // A umask may remove even the owner's permissions.
    await handle.chmod(0o600);
    await replaceContent(handle, text);
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

async function replaceContent(handle: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, done)).bytesWritten;
  }
  await handle.truncate(bytes.length);
  await handle.sync();
}

/** Writes over a file that can't be replaced; until that is done, the temporary file is kept as its copy. */
async function overwrite(path: string, text: string, temporary: string): Promise<void> {
  await rename(temporary, copyOf(path));
  const handle = await open(path, O_RDWR | O_NOFOLLOW);
  try {
    await replaceContent(handle, text);
  } finally {
    await handle.close();
  }
  await unlink(copyOf(path));
}

function copyOf(path: string): string {
  return `${path}.copy`;
}

function octalChar(code: string): string {
  return String.fromCharCode(parseInt(code, 8));
}

/** Closes a file of this user to others; a link is not followed. @throws the system's error */
export async function closeToOthers(path: string): Promise<void> {
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    await handle.chmod(0o600);
  } finally {
    await handle.close();
  }
}

function openTo({ mode }: BigIntStats): number {
  return process.getuid === undefined ? 0 : Number(mode) & 0o077;
}

function versionOf({ dev, ino, mtimeNs, size }: BigIntStats): string {
  return [dev, ino, mtimeNs, size].join(":");
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

function assertOwnRegularFile(path: string, stat: BigIntStats): void {
  if (stat.isSymbolicLink()) throw refusal(path, "It is a symbolic link.");
  if (!stat.isFile()) throw refusal(path, "It is not a regular file.");
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== BigInt(uid))
    throw refusal(path, `It belongs to another user (uid ${stat.uid}).`);
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
