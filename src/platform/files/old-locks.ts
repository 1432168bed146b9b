import { readdir, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const ownerFile = /^owner\.[0-9a-f-]+\.\d+$/;

/**
 * Removes the locks on `file` that earlier builds left: directories with a file that names their owner. Nothing else
 * is touched, so a lock of proper-lockfile stays. Never fails.
 */
export async function removeOldLocks(file: string): Promise<void> {
  const folder = dirname(file);
  const name = basename(file);
  const isOld = (entry: string): boolean =>
    [`${name}.lock`, `${name}.refresh.lock`].some((lock) => entry === lock || entry.startsWith(`${lock}.prep.`));
  for (const entry of (await readdir(folder).catch(() => [])).filter(isOld)) {
    const path = join(folder, entry);
    const owners = await readdir(path).catch(() => []);
    if (owners.length === 0 || !owners.every((owner) => ownerFile.test(owner))) continue;
    for (const owner of owners) await unlink(join(path, owner)).catch(() => undefined);
    await rmdir(path).catch(() => undefined);
  }
}
