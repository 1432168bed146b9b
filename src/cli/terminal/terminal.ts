import type { Readable } from "node:stream";
import type { Redactor } from "../../shared/redactor.ts";

export interface Output {
  write: (text: string) => unknown;
}

/** The three streams and what is known of them; tests give their own. */
export interface Terminal {
  stdin: Readable & { setRawMode?: (raw: boolean) => unknown };
  /** Answers. */
  stdout: Output;
  /** Everything else: errors, questions to the person, the spinner. */
  stderr: Output;
  stdinIsTty: boolean;
  stdoutIsTty: boolean;
  stderrIsTty: boolean;
  /** Width of the terminal at this moment. */
  columns: () => number;
  /** Whether stderr may be coloured. */
  colors: boolean;
  /** Whether stderr understands "go back and clear the line". */
  rewrites: boolean;
}

/**
 * The same terminal, which shows no known secret. Each write is masked for itself: an answer that comes
 * in pieces needs a `PlainTextStream` before it, and an error `Redactor.all`.
 */
export function withoutSecrets(terminal: Terminal, redactor: Pick<Redactor, "redactSecrets">): Terminal {
  const masked = (output: Output): Output => ({
    write: (text) => output.write(redactor.redactSecrets(text)),
  });
  return { ...terminal, stdout: masked(terminal.stdout), stderr: masked(terminal.stderr) };
}

/** The variables that say what a terminal is like; none of them is ours. */
export interface TerminalEnvironment {
  NO_COLOR?: string | undefined;
  FORCE_COLOR?: string | undefined;
  TERM?: string | undefined;
}

/** NO_COLOR wins (no-color.org); FORCE_COLOR colours what is no terminal, too. */
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

/** The error's code stands out; the rest of the text stays as it is. */
export function markCode(text: string, { colors }: Pick<Terminal, "colors">): string {
  return colors ? text.replace(/^[A-Z_]+(?=:)/, "\u001b[1;31m$&\u001b[0m") : text;
}

/** Scripts of East Asia and pictures (Unicode, East Asian Width). */
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
