import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram, systemProgram, type RunOptions } from "./programs.ts";
import { accessOf, type Access } from "./sddl.ts";

/** Who may read or change a file on Windows. */
export interface FileAccess {
  /** This user's SID. */
  user: string;
  /** Everybody beside this user, the system and its administrators. */
  others: readonly Access[];
}

/** The system, administrators (of the machine, of the domain), the owner; TrustedInstaller, which installs updates. */
const trusted = new Set([
  ...["S-1-5-18", "S-1-5-32-544", "LA", "DA", "EA", "S-1-3-0", "S-1-3-4"],
  "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
]);

/** Sandboxes of apps: an entry for one lets in no user whom another entry doesn't. */
const sandbox = /^(S-1-15-|AC$)/;

/**
 * Asks Windows' own programs, by SIDs: names are translated. Undefined if they don't tell.
 *
 * @throws the signal's reason
 */
export async function fileAccess(path: string, options: RunOptions): Promise<FileAccess | undefined> {
  try {
    const [user, sddl] = await Promise.all([ownSid(options), accessList(path, options)]);
    if (user === undefined || sddl === undefined) return undefined;
    const others = accessOf(sddl).filter(({ sid }) => sid !== user && !trusted.has(sid) && !sandbox.test(sid));
    return { user, others };
  } catch {
    options.signal.throwIfAborted();
    return undefined; // a program is missing, or the temporary folder can't be written
  }
}

/** From `"machine\jane","S-1-5-21-…-1001"`. */
async function ownSid(options: RunOptions): Promise<string | undefined> {
  const program = systemProgram("whoami", options.systemRoot);
  const { stdout } = await runProgram(program, ["/user", "/fo", "csv", "/nh"], options);
  return /"(S-1-[\d-]+)"\s*$/.exec(stdout)?.[1];
}

/** `icacls /save` writes a line with the file's name and one with the list, in UTF-16. */
async function accessList(path: string, options: RunOptions): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "codex-oauth-access-"));
  try {
    const saved = join(folder, "list");
    await runProgram(systemProgram("icacls", options.systemRoot), [path, "/save", saved], options);
    const lines = (await readFile(saved, "utf16le")).split(/\r?\n/);
    return lines.find((line) => line.startsWith("D:")); // a file's name has no colon
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
