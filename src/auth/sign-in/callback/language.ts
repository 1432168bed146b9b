/** The languages that pages for a person are written in; the first is for everybody else. */
export const languages = ["en", "zh"] as const;

export type Language = (typeof languages)[number];

/**
 * The language of ours that an `Accept-Language` field wants most (RFC 9110 §12.5.4). Regions and
 * scripts are not told apart. Among equal weights the first named wins, as browsers mean it.
 */
export function preferredLanguage(field: string | undefined): Language {
  const ranges = (field ?? "").split(",").flatMap(parseRange);
  const wishes = languages.map((language) => {
    const named = ranges.filter(({ primary }) => primary === language);
    // A wildcard speaks for the languages that nothing else names.
    const range = best(named) ?? best(ranges.filter(({ primary }) => primary === "*"));
    return { language, weight: range?.weight ?? 0, place: range ? ranges.indexOf(range) : 0 };
  });
  const [first] = wishes.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight || a.place - b.place);
  return first?.language ?? languages[0];
}

interface Range {
  primary: string;
  /** From 0, which is "not this one", to 1. */
  weight: number;
}

/** `zh-CN;q=0.8`, or nothing where it is written in no known way. */
function parseRange(text: string): Range[] {
  const match = /^\s*(\*|[a-z]{1,8})(?:-[a-z0-9]{1,8})*\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i.exec(text);
  const [, primary = "", weight = "1"] = match ?? [];
  return match === null ? [] : [{ primary: primary.toLowerCase(), weight: Number(weight) }];
}

function best(ranges: readonly Range[]): Range | undefined {
  return ranges.reduce<Range | undefined>(
    (found, range) => (found === undefined || range.weight > found.weight ? range : found),
    undefined,
  );
}
