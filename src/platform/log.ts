import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import { foreignFolder } from "./files/folder-owner.ts";
import type { Redactor } from "../shared/redactor.ts";
import { withoutSequences } from "../shared/text.ts";

// Windows lacks the last two; undefined counts as zero.
const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

const maxLogBytes = 5 * 1024 * 1024;

type LogArea = "CODEX" | "HTTP" | "TOKEN" | "OAUTH";

/** Writes diagnostics for people; they are never part of a result. */
export interface Log {
  (area: LogArea, text: string): void;
  /** Path of the log file, if one is written. */
  readonly file: string | undefined;
}

export const silentLog: Log = Object.assign(() => undefined, { file: undefined });

interface DebugLogDeps {
  clock: Clock;
  redactor: Redactor;
  /** Undefined if the state folder can't be used. */
  folder: string | undefined;
  writeStderr: (line: string) => void;
}

/** @param folder the state folder; undefined if it can't be used */
export function debugLogFile(folder: string | undefined): string | undefined {
  return folder === undefined ? undefined : join(folder, "debug.log");
}

/**
 * Creates a log that writes lines to stderr and to `debug.log` (0600, 5 MB, one older generation): hosts swallow
 * stderr. Write errors are ignored.
 */
export function createDebugLog({ clock, redactor, folder, writeStderr }: DebugLogDeps): Log {
  const file = debugLogFile(folder);
  const write = (area: LogArea, text: string): void => {
    // Sequences go first: what they cut apart would grow together behind the redaction.
    const line = redactor.redactAll(withoutSequences(text)).replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, " ");
    const stamp = new Date(clock.now()).toISOString();
    writeStderr(`[${area}] ${line}\n`);
    if (folder === undefined || file === undefined || foreignFolder(folder) !== undefined) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      append(file, `${stamp} [${area}] ${line}\n`);
    } catch {
      // The disk may be full, or the folder another user's; stderr has the line.
    }
  };
  return Object.assign(write, { file });
}

/** @throws Error if the file is a link, has a second name, or is another user's: its rights are not ours to change */
function append(file: string, line: string): void {
  // NONBLOCK: a FIFO must not wait for its reader.
  const handle = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const stat = fstatSync(handle);
    const uid = process.getuid?.() ?? stat.uid;
    if (!stat.isFile() || stat.nlink > 1 || stat.uid !== uid) throw new Error("not a file of our own");
    if ((stat.mode & 0o077) !== 0) fchmodSync(handle, 0o600);
    if (stat.size > maxLogBytes) {
      renameSync(file, `${file}.1`);
      append(file, line);
      return;
    }
    writeSync(handle, line);
  } finally {
    closeSync(handle);
  }
}

/** Creates a log that forwards to a program's own function, whose errors are ignored. */
export function createForwardingLog(
  receive: (area: string, text: string) => void,
  redactor: Pick<Redactor, "redactAll">,
): Log {
  const forward = (area: LogArea, text: string): void => {
    try {
      receive(area, redactor.redactAll(text));
    } catch {
      // the logger's failure is the program's, not the call's
    }
  };
  return Object.assign(forward, { file: undefined });
}
