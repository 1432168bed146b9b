import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

/**
 * The path of a program that the search path has, or undefined. Relative folders are left out: they
 * would be those of the project.
 */
export async function findProgram(
  name: string,
  searchPath: string,
  platform: string = process.platform,
): Promise<string | undefined> {
  const windows = platform === "win32";
  const folders = searchPath.split(windows ? ";" : ":").filter((folder) => isAbsolute(folder));
  const names = windows ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const path of folders.flatMap((folder) => names.map((file) => join(folder, file)))) {
    if (await isProgram(path, windows ? constants.F_OK : constants.X_OK)) return path;
  }
  return undefined;
}

/** A folder may have that name, too, and may be "executed" by whoever may enter it. */
async function isProgram(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
