/** How a character is shown; colours are those of CSS. */
export interface Style {
  color?: string;
  background?: string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  inverse?: boolean;
}

/** A calm dark theme; the eight colours, then the eight bright ones. */
const palette = [
  ...["#1b1f27", "#f0717b", "#7fc98f", "#e5b567", "#6ea8fe", "#c792ea", "#5fc7d6", "#c9d1dc"],
  ...["#6b7482", "#ff8f98", "#9be0a9", "#f5cd86", "#94c1ff", "#dab0f5", "#84dcea", "#ffffff"],
];

const switches: Readonly<Record<number, Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
};
const resets: Readonly<Record<number, readonly (keyof Style)[]>> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  39: ["color"],
  49: ["background"],
};

/** The style after "select graphic rendition" with these numbers (ECMA-48 §8.3.117). */
export function withRendition(style: Style, numbers: readonly number[]): Style {
  let now = { ...style };
  const rest = [...numbers];
  for (let code = rest.shift(); code !== undefined; code = rest.shift()) {
    if (code === 0) now = {};
    now = { ...now, ...switches[code] };
    for (const name of resets[code] ?? []) now = without(now, name);
    const target = targetOf(code);
    if (target !== undefined) now = { ...now, ...coloured(target, code, rest) };
  }
  return now;
}

function targetOf(code: number): "color" | "background" | undefined {
  if ((code >= 30 && code <= 38) || (code >= 90 && code <= 97)) return "color";
  if ((code >= 40 && code <= 48) || (code >= 100 && code <= 107)) return "background";
  return undefined;
}

/** Takes what belongs to an extended colour from the rest. */
function coloured(target: "color" | "background", code: number, rest: number[]): Style {
  const last = code % 10;
  if (last < 8) return { [target]: palette[code >= 90 ? last + 8 : last] };
  const kind = rest.shift();
  if (kind === 5) return { [target]: indexed(rest.shift() ?? 0) };
  if (kind === 2) return { [target]: `rgb(${rest.splice(0, 3).join(",")})` };
  return {};
}

/** The 256 colours: our sixteen, a cube of six levels, and greys. */
function indexed(index: number): string {
  if (index < 16) return palette[index] ?? "#ffffff";
  if (index >= 232) return grey(8 + (index - 232) * 10);
  const levels = [0, 95, 135, 175, 215, 255];
  const at = (step: number): number => levels[Math.floor((index - 16) / step) % 6] ?? 0;
  return `rgb(${at(36)},${at(6)},${at(1)})`;
}

const grey = (level: number): string => `rgb(${level},${level},${level})`;

function without(style: Style, name: keyof Style): Style {
  return Object.fromEntries(Object.entries(style).filter(([key]) => key !== name));
}
