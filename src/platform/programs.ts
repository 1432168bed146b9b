import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { trustedFolders } from "./search-path.ts";

/** Finds a program in the search path, as an absolute path. */
export async function findProgram(
  name: string,
  searchPath: string,
  platform: string = process.platform,
): Promise<string | undefined> {
  const windows = platform === "win32";
  const folders = trustedFolders(searchPath, platform);
  const names = windows ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const path of folders.flatMap((folder) => names.map((file) => join(folder, file)))) {
    if (await isProgram(path, windows ? constants.F_OK : constants.X_OK)) return path;
  }
  return undefined;
}

/** A folder may have that name too, and X_OK holds for every folder that the user may enter. */
async function isProgram(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The path of a program that Windows ships; a bare name would be searched for in the current folder first. */
export function systemProgram(name: string, systemRoot: string): string {
  return join(systemRoot, "System32", `${name}.exe`);
}

/** How a program ended. */
export interface ProgramEnd {
  /** Undefined if a signal ended it. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  signal: AbortSignal;
  /** The folder of Windows. */
  systemRoot: string;
}

/**
 * Runs a program to its end, without a shell or input, in this process's environment.
 *
 * @param path absolute: a name would be searched again, on Windows in the current folder first
 * @throws the signal's reason; the system's error if the program can't be started
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  { signal, systemRoot }: RunOptions,
): Promise<ProgramEnd> {
  const { spawn } = await import("node:child_process");
  signal.throwIfAborted();
  const { command, rawArgs, verbatim } = invocation(path, args, systemRoot);
  return new Promise((resolve, reject) => {
    const child = spawn(command, rawArgs, {
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
      // A batch file looks for programs in the current folder first, which may be a hostile project.
      cwd: verbatim ? dirname(path) : undefined,
    });
    const stop = (): void => {
      child.kill();
    };
    signal.addEventListener("abort", stop, { once: true });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ code: code ?? undefined, stdout, stderr });
    });
  });
}

/**
 * The arguments for `spawn`. Windows runs a `.cmd` only through cmd.exe, which parses the line again: between quotes,
 * only `%` and `"` are special there.
 *
 * @throws Error for an argument that the interpreter would change
 */
export function invocation(
  path: string,
  args: readonly string[],
  systemRoot: string,
): { command: string; rawArgs: string[]; verbatim: boolean } {
  if (!/\.cmd$/i.test(path)) return { command: path, rawArgs: [...args], verbatim: false };
  const parts = [path, ...args];
  const refused = parts.find((word) => /["%\r\n]/.test(word));
  if (refused !== undefined) throw new Error(`Windows cannot pass this on as it is: ${refused}`);
  const line = parts.map((word) => `"${word}"`).join(" ");
  const command = systemProgram("cmd", systemRoot);
  return { command, rawArgs: ["/d", "/v:off", "/s", "/c", `"${line}"`], verbatim: true };
}
