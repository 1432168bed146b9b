import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";

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
