/* eslint-disable no-control-regex -- control characters are what this file is about */

/** Escape sequences of terminals (ECMA-48): colours, cursor moves, titles, links. */
const escapeSequences =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
/** Controls of C0 and C1 but tab, newline and carriage return. */
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text from outside, fit for a terminal and for JSON: no escapes, controls or lone surrogates. */
export function plainText(text: string): string {
  return text.replace(escapeSequences, "").replace(controls, "").toWellFormed();
}

/** One line of at most `max` characters. */
export function oneLine(text: string, max: number): string {
  const line = plainText(text).replace(/\s+/g, " ").trim();
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`;
}
