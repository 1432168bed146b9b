/** The languages of the callback pages; the first is the default. */
const languages = ["en", "zh"] as const;

export type Language = (typeof languages)[number];

/**
 * The preferred page language of an `Accept-Language` field (RFC 9110 §12.5.4). Regions and scripts are ignored. Among
 * equal weights the first one wins, as browsers intend.
 */
export function preferredLanguage(field: string | undefined): Language {
  const ranges = (field ?? "").split(",").flatMap(parseRange);
  const matches = languages.map((language) => {
    const named = ranges.filter(({ primary }) => primary === language);
    // The wildcard is for languages that no other range names.
    const range = best(named) ?? best(ranges.filter(({ primary }) => primary === "*"));
    return { language, weight: range?.weight ?? 0, place: range ? ranges.indexOf(range) : 0 };
  });
  const [first] = matches.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight || a.place - b.place);
  return first?.language ?? languages[0];
}

interface Range {
  primary: string;
  /** 0 (not acceptable) to 1. */
  weight: number;
}

/** Parses one range, such as `zh-CN;q=0.8`; empty if it is malformed. */
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
