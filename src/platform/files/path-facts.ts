import { constants } from "node:fs";
import { access, lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "./errors.ts";

/** Properties of a file or folder, for the doctor. */
export interface PathFacts {
  path: string;
  kind: "missing" | "file" | "folder" | "link" | "other" | "unknown";
  /** Permission bits; undefined on Windows. */
  mode: number | undefined;
  /** The owner's uid; undefined if it is this user, and on Windows. */
  foreignOwner: number | undefined;
  writable: boolean;
  /** The system's error code, for kind "unknown". */
  errno: string | undefined;
}

/** Inspects a path without following a link in its last part. Never fails. */
export async function pathFacts(path: string): Promise<PathFacts> {
  const facts = { path, mode: undefined, foreignOwner: undefined, errno: undefined };
  try {
    const stat = await lstat(path);
    const uid = process.getuid?.();
    const kind = stat.isSymbolicLink() ? "link" : stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other";
    return {
      ...facts,
      kind,
      mode: uid === undefined ? undefined : stat.mode & 0o7777,
      foreignOwner: uid === undefined || stat.uid === uid ? undefined : stat.uid,
      writable: await access(path, constants.W_OK).then(
        () => true,
        () => false,
      ),
    };
  } catch (error) {
    const code = errnoOf(error) ?? "unknown cause";
    if (code === "ENOENT") return { ...facts, kind: "missing", writable: false };
    return { ...facts, kind: "unknown", writable: false, errno: code };
  }
}

/** Inspects a folder, following links. Never fails. */
export async function folderFacts(path: string): Promise<PathFacts> {
  return pathFacts(await realpath(path).catch(() => path));
}

/** The first parent folder of `path` that this user may not enter, if any. Never fails. */
export async function closedFolder(path: string): Promise<string | undefined> {
  const parents: string[] = [];
  for (let part = path; part !== dirname(part); part = dirname(part)) parents.unshift(dirname(part));
  for (const folder of parents) {
    const code = await lstat(`${folder}/.`).then(() => undefined, errnoOf);
    if (code === "EACCES") return folder;
    if (code !== undefined) return undefined;
  }
  return undefined;
}

/** Paths of the damaged files that were set aside beside `path`. Never fails. */
export async function setAsideFiles(path: string): Promise<string[]> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.damaged-`;
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(folder, name));
}

/** Whether two paths lead to one file, also by links, and by other letters where the file is missing. Never fails. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  return (await identity(one)) === (await identity(other));
}

/** Device and inode of the file, else of the first parent folder that exists, with the names below it. */
async function identity(path: string): Promise<string> {
  let below = "";
  for (let at = path; ; at = dirname(at)) {
    const stats = await stat(at, { bigint: true }).catch(() => undefined);
    // Some file systems have no inodes.
    if (stats !== undefined && stats.ino !== 0n) return `${stats.dev}:${stats.ino}${below}`;
    if (dirname(at) === at) return at + below;
    // The file system may ignore case.
    below = `/${basename(at).toLowerCase()}${below}`;
  }
}
