/* eslint-disable no-control-regex -- control characters are what this file is about */

/**
 * Terminal escape sequences (ECMA-48): colours, cursor moves, titles, links. An unterminated one doesn't match, so it
 * can't remove the rest of an answer.
 */
const escapeSequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b\r\n]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;
/** C0 and C1 controls except tab, newline and carriage return. */
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/**
 * Makes foreign text safe for a terminal and for JSON: without escapes, controls or lone surrogates. U+2028 and U+2029
 * become newlines, since some line readers split there.
 */
export function plainText(text: string): string {
  return withoutControls(text).toWellFormed();
}

/** `plainText` for a chunk of a text, which may be cut within a surrogate pair. */
export function withoutControls(text: string): string {
  return text
    .replace(escapeSequences, "")
    .replace(controls, "")
    .replaceAll("\u2028", "\n")
    .replaceAll("\u2029", "\n\n");
}

/** `plainText` in one line of at most `max` UTF-16 units; a cut ends with "…". */
export function oneLine(text: string, max: number): string {
  const line = plainText(text).replace(/\s+/g, " ").trim();
  return line.length <= max ? line : `${firstCharacters(line, max - 1)}…`;
}

/** The first complete lines, at most `max` UTF-16 units; a line that fills more than half of that is cut. */
export function firstLines(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.lastIndexOf("\n", max);
  return end > max / 2 ? text.slice(0, end) : firstCharacters(text, max);
}

/** The first `max` UTF-16 units at most; never cuts a surrogate pair. */
export function firstCharacters(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
}

/** Lowers the initial, for use within a sentence; names of variables keep their capitals. */
export function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;
}
