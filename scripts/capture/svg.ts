import type { Line } from "./screen.ts";
import type { Style } from "./style.ts";

export interface Picture {
  lines: readonly Line[];
  columns: number;
  /** Above the screen, and what a screen reader says. */
  title: string;
}

const cell = { width: 8.4, height: 20 };
const margin = 20;
const bar = 40;
const ground = "#12151b";
const ink = "#dce1e8";

/** A window with a terminal's screen; letters keep their columns whatever font there is. */
export function toSvg({ lines, columns, title }: Picture): string {
  const width = Math.round(columns * cell.width + 2 * margin);
  const height = bar + lines.length * cell.height + margin;
  const rows = lines.map((line, index) => row(line, bar + index * cell.height));
  const dots = [0, 1, 2].map((n) => `<circle cx="${margin + 4 + n * 20}" cy="20" r="6"/>`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${ink}; white-space: pre }</style>
<rect width="${width}" height="${height}" rx="12" fill="${ground}"/>
<g fill="#39404c">${dots}</g>
<text x="${width / 2}" y="25" text-anchor="middle" opacity=".65">${escapeXml(title)}</text>
${rows.filter((text) => text !== "").join("\n")}
</svg>
`;
}

interface Run {
  text: string;
  column: number;
  width: number;
  style: Style;
}

function row(line: Line, top: number): string {
  const runs = runsOf(line);
  return runs.map((run) => `${backgroundOf(run, top)}${textOf(run, top)}`).join("");
}

/** Neighbours of one style together. */
function runsOf(line: Line): Run[] {
  const runs: Run[] = [];
  line.forEach(({ text, style }, column) => {
    const last = runs.at(-1);
    if (last !== undefined && JSON.stringify(last.style) === JSON.stringify(style)) {
      last.text += text;
      last.width++;
    } else runs.push({ text, column, width: 1, style });
  });
  return runs;
}

function backgroundOf({ column, width, style }: Run, top: number): string {
  const fill = style.inverse ? (style.color ?? ink) : style.background;
  if (fill === undefined) return "";
  return `<rect x="${x(column)}" y="${top}" width="${fixed(width * cell.width)}" height="${cell.height}" fill="${fill}"/>`;
}

function textOf({ text, column, width, style }: Run, top: number): string {
  const shown = text.trimEnd();
  if (shown === "") return "";
  const fill = style.inverse ? (style.background ?? ground) : style.color;
  const length = fixed((width - (text.length - shown.length)) * cell.width);
  const attributes = [
    `x="${x(column)}" y="${top + 15}" textLength="${length}" lengthAdjust="spacingAndGlyphs"`,
    fill === undefined ? "" : `style="fill:${fill}"`,
    style.bold ? 'font-weight="700"' : "",
    style.italic ? 'font-style="italic"' : "",
    style.underline ? 'text-decoration="underline"' : "",
    style.dim ? 'opacity=".6"' : "",
  ];
  return `<text ${attributes.filter((attribute) => attribute !== "").join(" ")}>${escapeXml(shown)}</text>`;
}

const x = (column: number): string => fixed(margin + column * cell.width);

const fixed = (value: number): string => String(Math.round(value * 100) / 100);

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
