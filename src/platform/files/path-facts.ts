import { constants } from "node:fs";
import { access, lstat, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "./errors.ts";

/** A file or folder as a report sees it. */
export interface PathFacts {
  path: string;
  kind: "missing" | "file" | "folder" | "link" | "other" | "unknown";
  /** Permission bits; undefined where the system has none. */
  mode: number | undefined;
  /** Undefined where the owner is this user, or where users mean nothing. */
  foreignOwner: number | undefined;
  writable: boolean;
  /** Why it could not be looked at. */
  errno: string | undefined;
}

/** Look at a path without following a link in its last part. Never fails. */
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

/** The folder that `path` leads to, links followed. Never fails. */
export async function folderFacts(path: string): Promise<PathFacts> {
  return pathFacts(await realpath(path).catch(() => path));
}

/** The folder on the way to `path` that this user may not enter, if there is one. Never fails. */
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

/** The damaged files that were set aside beside `path`. Never fails. */
export async function setAsideFiles(path: string): Promise<string[]> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.damaged-`;
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(folder, name));
}
