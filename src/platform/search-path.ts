import { isAbsolute } from "node:path";

/** The folders of a search path, without the relative ones: they would lie in the project, which is not trusted. */
export function trustedFolders(searchPath: string, platform: string = process.platform): string[] {
  return searchPath.split(separator(platform)).filter((folder) => isAbsolute(folder));
}

/**
 * Removes relative folders from `env.PATH`, which every child inherits and searches for the programs that it starts. If
 * none remains, `PATH` goes: an empty one means the current folder.
 */
export function dropRelativeFolders(env: Record<string, string | undefined>, platform = process.platform): void {
  const { PATH: searchPath } = env;
  if (searchPath === undefined) return;
  const kept = trustedFolders(searchPath, platform).join(separator(platform));
  if (kept === "") delete env["PATH"];
  else if (kept !== searchPath) env["PATH"] = kept;
}

function separator(platform: string): string {
  return platform === "win32" ? ";" : ":";
}
