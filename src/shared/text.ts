/* eslint-disable no-control-regex -- control characters are what this file is about */

/**
 * Escape sequences of terminals (ECMA-48): colours, cursor moves, titles, links. One without its end is none: it must
 * not take the rest of an answer with it.
 */
const escapeSequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b\r\n]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;
/** Controls of C0 and C1 but tab, newline and carriage return. */
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/**
 * Text from outside, fit for a terminal and for JSON: no escapes, controls or lone surrogates. U+2028 and U+2029 become
 * line ends, since some readers of lines would end one there.
 */
export function plainText(text: string): string {
  return withoutControls(text).toWellFormed();
}

/** `plainText` of a piece of a text, which may begin or end within a surrogate pair. */
export function withoutControls(text: string): string {
  return text
    .replace(escapeSequences, "")
    .replace(controls, "")
    .replaceAll("\u2028", "\n")
    .replaceAll("\u2029", "\n\n");
}

/** One line of at most `max` characters. */
export function oneLine(text: string, max: number): string {
  const line = plainText(text).replace(/\s+/g, " ").trim();
  if (line.length <= max) return line;
  return `${firstCharacters(line, max - 1)}…`;
}

/** The first whole lines, at most `max` UTF-16 units; a line may be cut where all are very long. */
export function firstLines(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.lastIndexOf("\n", max);
  return end > max / 2 ? text.slice(0, end) : firstCharacters(text, max);
}

/** At most the first `max` UTF-16 units, never half of a surrogate pair at the cut. */
export function firstCharacters(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
}

/** An imperative within a sentence; names of variables keep their capitals. */
export function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;
}
