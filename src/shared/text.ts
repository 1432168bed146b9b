/* eslint-disable no-control-regex -- control characters are what this file is about */

// ECMA-48 §5.3 to §5.6. Most begin with ESC, or with a single C1 control in its place.
const controlStart = String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*`;
const stringStart = String.raw`(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0080-\u009f\r\n]*`;
const otherStart = String.raw`\u001b[ -/]*`;

/**
 * Terminal escape sequences (ECMA-48): colours, cursor moves, titles, links, device strings. An unterminated one doesn't
 * match, so it can't remove the rest of an answer.
 */
const escapeSequences = new RegExp(
  String.raw`${controlStart}[@-~]|${stringStart}(?:\u0007|\u001b\\|\u009c)|${otherStart}(?![\[\]PX^_])[0-~]`,
  "g",
);
/** An escape sequence at the end of the text that may continue. */
export const incompleteSequence = new RegExp(String.raw`(?:${controlStart}|${stringStart}\u001b?|${otherStart})$`);
/** They reorder what is read: code can look like other code (CVE-2021-42574). */
const directions = /\p{Bidi_Control}/gu;
/** C0 and C1 controls except tab, newline and carriage return. */
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/**
 * Makes foreign text safe for a terminal and for JSON: without escapes, controls, directions or lone surrogates. U+2028
 * and U+2029 become newlines, since some line readers split there.
 */
export function plainText(text: string): string {
  return withoutControls(text).toWellFormed();
}

/** `plainText` that shows where the direction would change, for a reader that would otherwise not learn of it. */
export function markedText(text: string): string {
  return plainText(
    text.replace(directions, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`),
  );
}

/** The text without terminal escape sequences; other controls stay. */
export function withoutSequences(text: string): string {
  return text.replace(escapeSequences, "");
}

/** `plainText` for a chunk of a text, which may be cut within a surrogate pair. */
export function withoutControls(text: string): string {
  return withoutSequences(text)
    .replace(controls, "")
    .replace(directions, "")
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
