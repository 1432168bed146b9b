/** Texts are cut in many places, so a part of a value counts as the value; shorter ones are words. */
const pieceLength = 12;
/** A long session refreshes many times; the values that were met longest ago are dead by then. */
const maxValues = 200;

/** Stands in place of what is not shown. */
export const mask = "[redacted]";

/** Values that must not be shown, found in texts whole and in pieces, wherever they were cut. */
export class KnownValues {
  readonly #values = new Set<string>();
  /** Every piece of them; made anew when it is needed after a change. */
  #pieces: ReadonlySet<string> | undefined;

  /** From now on these are masked. Short ones are no secrets. */
  learn(values: readonly (string | undefined)[]): void {
    for (const value of values) {
      if (value === undefined || value.length < 8) continue;
      if (!this.#values.delete(value)) this.#pieces = undefined;
      this.#values.add(value);
      if (this.#values.size > maxValues) this.#values.delete([...this.#values][0] ?? "");
    }
  }

  /** Characters of the longest; 0 when none is known. */
  get longest(): number {
    return Math.max(0, ...[...this.#values].map(({ length }) => length));
  }

  masked(text: string): string {
    const found = [...this.#values].filter((value) => text.includes(value));
    // The longest first: what is left of one after a shorter one was cut out would not be known.
    const clean = found
      .sort((a, b) => b.length - a.length)
      .reduce((rest, value) => rest.replaceAll(value, mask), text);
    const pieces = (this.#pieces ??= new Set([...this.#values].flatMap(piecesOf)));
    return pieces.size === 0 ? clean : withoutPieces(clean, pieces);
  }
}

function piecesOf(value: string): string[] {
  // Of a JSON Web Token only the signature is a secret: header and claims say what other tokens say, too,
  // and an answer may rightly show some of that.
  const from = /^eyJ[\w-]*\.[\w-]+\.(?=[\w-]+$)/.exec(value)?.[0].length ?? 0;
  // The host of an e-mail address may rightly stand in an error, as that of a company's proxy.
  const to = /^[^@\s]+(?=@[^@\s]+$)/.exec(value)?.[0].length ?? value.length;
  const count = Math.max(0, Math.min(to, value.length - pieceLength + 1) - from);
  return Array.from({ length: count }, (_, n) => value.slice(from + n, from + n + pieceLength));
}

function withoutPieces(text: string, pieces: ReadonlySet<string>): string {
  let clean = "";
  let taken = 0;
  for (let at = 0; at + pieceLength <= text.length; at++) {
    const last = at + pieceLength - 1;
    if (!isOfValue(text.charCodeAt(last)))
      at = last; // no piece goes over it; most words are shorter
    else if (pieces.has(text.slice(at, last + 1))) {
      let end = last + 1;
      while (end < text.length && pieces.has(text.slice(end + 1 - pieceLength, end + 1))) end++;
      clean += text.slice(taken, at) + mask;
      taken = end;
      at = end - 1;
    }
  }
  return clean + text.slice(taken);
}

/** `!` to `~`, as tokens have them: a value that holds anything else is found between that, or whole. */
function isOfValue(code: number): boolean {
  return code >= 0x21 && code <= 0x7e;
}
