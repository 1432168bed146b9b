import { appendFileSync, chmodSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import { foreignFolder } from "./files/folder-owner.ts";
import type { Redactor } from "../shared/redactor.ts";
import { withoutSequences } from "../shared/text.ts";

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

/**
 * Creates a log that writes lines to stderr and to `debug.log` (0600, 5 MB, one older generation): hosts swallow
 * stderr. Write errors are ignored.
 */
export function createDebugLog({ clock, redactor, folder, writeStderr }: DebugLogDeps): Log {
  const file = folder === undefined ? undefined : join(folder, "debug.log");
  const write = (area: LogArea, text: string): void => {
    // Sequences go first: what they cut apart would grow together behind the redaction.
    const line = redactor.redactAll(withoutSequences(text)).replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, " ");
    const stamp = new Date(clock.now()).toISOString();
    writeStderr(`[${area}] ${line}\n`);
    if (folder === undefined || file === undefined || foreignFolder(folder) !== undefined) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      rotate(file);
      appendFileSync(file, `${stamp} [${area}] ${line}\n`, { mode: 0o600, flag: "a" });
    } catch {
      // The disk may be full, or the folder another user's; stderr has the line.
    }
  };
  return Object.assign(write, { file });
}

function rotate(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if ((stat.mode & 0o077) !== 0) chmodSync(file, 0o600);
  if (stat.size > maxLogBytes) renameSync(file, `${file}.1`);
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
