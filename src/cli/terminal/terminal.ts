import type { Readable } from "node:stream";
import type { Redactor } from "../../shared/redactor.ts";

interface Output {
  write: (text: string) => unknown;
}

/** The three standard streams and their properties. */
export interface Terminal {
  stdin: Readable & { setRawMode?: (raw: boolean) => unknown };
  /** Answers. */
  stdout: Output;
  /** Everything else: errors, questions to the user, the spinner. */
  stderr: Output;
  stdinIsTty: boolean;
  stdoutIsTty: boolean;
  stderrIsTty: boolean;
  /** The terminal's current width. */
  columns: () => number;
  /** Whether stderr may be coloured. */
  colors: boolean;
  /** Whether stderr can return to the line's start and clear it. */
  canRewriteLine: boolean;
}

/**
 * The same terminal with known secrets redacted. Each write is redacted by itself: an answer in chunks needs a
 * `PlainTextStream` before it, and an error `Redactor.redactAll`.
 */
export function redactedTerminal(terminal: Terminal, redactor: Pick<Redactor, "redactSecrets">): Terminal {
  const masked = (output: Output): Output => ({
    write: (text) => output.write(redactor.redactSecrets(text)),
  });
  return { ...terminal, stdout: masked(terminal.stdout), stderr: masked(terminal.stderr) };
}

/** The common variables that describe a terminal. */
interface TerminalEnvironment {
  NO_COLOR?: string | undefined;
  FORCE_COLOR?: string | undefined;
  TERM?: string | undefined;
}

/** NO_COLOR wins (no-color.org); FORCE_COLOR enables colours without a terminal, too. */
export function wantsColors(env: TerminalEnvironment, isTty: boolean): boolean {
  if (isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== "0";
  return isTty && env.TERM !== "dumb";
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

export function dim(text: string, { colors }: Pick<Terminal, "colors">): string {
  return colors ? `\u001b[2m${text}\u001b[22m` : text;
}

/** Highlights the error's code. */
export function markCode(text: string, { colors }: Pick<Terminal, "colors">): string {
  return colors ? text.replace(/^[A-Z_]+(?=:)/, "\u001b[1;31m$&\u001b[0m") : text;
}

/** East Asian scripts and emoji (Unicode, East Asian Width). */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** As much of a line as fits into the columns; wide characters count twice. */
export function fitWidth(text: string, columns: number): string {
  let used = 0;
  let fitting = "";
  for (const character of text) {
    const width = wide.test(character) ? 2 : 1;
    if (used + width > columns) return fitting;
    used += width;
    fitting += character;
  }
  return fitting;
}
