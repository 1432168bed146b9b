import { withRendition, type Style } from "./style.ts";

export interface Cell {
  /** What stands there; empty in the second half of a wide character. */
  text: string;
  style: Style;
}

export type Line = Cell[];

const control = "\u001b\\[(?<numbers>[0-9;:?]*)(?<final>[@-~])";
/** Titles, hyperlinks and other strings to the terminal, which show nothing. */
const strings = "\u001b[\\]P^_][^\u0007\u001b]*(?:\u0007|\u001b\\\\)";
const token = new RegExp(`${control}|${strings}|\u001b[ -/]*.|(?<sign>[\\r\\n\\b\\t])|(?<text>\\P{Cc})`, "gu");
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/**
 * What a terminal shows after this output: lines as long as they were written. It knows what a
 * program on one line uses (return, clear the line, colours); for programs that fill the screen,
 * give what `tmux capture-pane -e -p` says.
 */
export function screenOf(output: string, columns: number): Line[] {
  const lines: Line[] = [[]];
  let style: Style = {};
  let column = 0;
  const line = (): Line => lines.at(-1) ?? [];
  const newLine = (): void => {
    lines.push([]);
    column = 0;
  };
  const put = (cell: Cell): void => {
    while (line().length < column) line().push({ text: " ", style: {} });
    line()[column++] = cell;
  };
  for (const { groups = {} } of output.matchAll(token)) {
    const { numbers = "", final, sign, text } = groups;
    if (sign === "\n") newLine();
    if (sign === "\r") column = 0;
    if (sign === "\b") column = Math.max(0, column - 1);
    if (sign === "\t") column = (Math.floor(column / 8) + 1) * 8;
    if (final === "m") style = withRendition(style, numbers.split(/[;:]/).map(Number));
    if (final === "K") lines[lines.length - 1] = numbers === "2" ? [] : line().slice(0, column);
    if (text === undefined) continue;
    const width = wide.test(text) ? 2 : 1;
    if (column + width > columns) newLine();
    put({ text, style });
    if (width === 2) put({ text: "", style });
  }
  const isEmpty = (last: Line | undefined): boolean =>
    last !== undefined && last.every(({ text, style: { background } }) => text.trim() === "" && !background);
  while (lines.length > 1 && isEmpty(lines.at(-1))) lines.pop();
  return lines;
}
