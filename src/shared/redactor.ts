import { CodexError } from "./errors.ts";
import { mapTexts } from "./next-step.ts";

/** A piece of this length counts as the value; shorter ones are plain words. */
const pieceLength = 12;
/** Shorter values would blank out too many words, even in a log. */
const minLength = 8;
/** A long session refreshes many times; by then, the oldest values have expired. */
const maxValues = 200;

const mask = "[redacted]";

/** Secret values, found in texts in any capitals, in base64, and even if they were cut anywhere. */
class SecretSet {
  /** By their folded form. */
  readonly #values = new Map<string, string>();
  /** All substrings of `pieceLength`, of the values and of their base64 forms; undefined after a change. */
  #pieces: ReadonlySet<string> | undefined;
  readonly #isPiece: (piece: string) => boolean;

  /** @param isPiece false for a part of a value that does not count as the value */
  constructor(isPiece: (piece: string) => boolean) {
    this.#isPiece = isPiece;
  }

  /** Masks the value from now on. */
  add(value: string): void {
    const folded = fold(value);
    if (!this.#values.delete(folded)) this.#pieces = undefined;
    this.#values.set(folded, value);
    if (this.#values.size > maxValues) this.#values.delete([...this.#values.keys()][0] ?? "");
  }

  /** Length of the longest value; 0 if there is none. */
  get longest(): number {
    return Math.max(0, ...[...this.#values.keys()].map(({ length }) => length));
  }

  redact(text: string): string {
    if (this.#values.size === 0) return text;
    const folded = fold(text);
    const ranges = [...this.#values.keys()].flatMap((value) => occurrences(value, folded));
    this.#pieces ??= new Set([...this.#values.values()].flatMap(piecesOf).filter(this.#isPiece).map(fold));
    return withoutRanges(text, [...ranges, ...pieceRanges(folded, this.#pieces)]);
  }
}

/** For comparison: without capitals, and with one alphabet of base64 for both. It keeps the length. */
function fold(text: string): string {
  // The only character that lower case makes longer.
  return text.replaceAll("\u0130", "i").toLowerCase().replaceAll("+", "-").replaceAll("/", "_");
}

function piecesOf(value: string): string[] {
  // Of a JSON Web Token only the signature is secret: other tokens share header and claims, which an answer may show.
  const from = /^eyJ[\w-]*\.[\w-]+\.(?=[\w-]+$)/.exec(value)?.[0].length ?? 0;
  // The domain of an e-mail address may also be that of a company's proxy, which an error must show.
  const to = /^[^@\s]+(?=@[^@\s]+$)/.exec(value)?.[0].length ?? value.length;
  return [...windows(value).slice(from, to), ...base64Forms(value.slice(from, to)).flatMap(windows)];
}

/** The value within a longer text in base64, for each of the three places where it can begin. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    // The first characters and the last one also depend on what stands around the value.
    const exact = (shift + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
    return encoded.slice(shift === 0 ? 0 : shift + 1, exact);
  });
}

function windows(text: string): string[] {
  const count = Math.max(0, text.length - pieceLength + 1);
  return Array.from({ length: count }, (_, at) => text.slice(at, at + pieceLength));
}

/** False for letters as a long word has them. */
function isNoWord(piece: string): boolean {
  return !/^[A-Za-z](?:[a-z]+|[A-Z]+)$/.test(piece);
}

type Range = readonly [from: number, to: number];

function occurrences(value: string, text: string): Range[] {
  const found: Range[] = [];
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + value.length)) {
    found.push([at, at + value.length]);
  }
  return found;
}

/** The parts of the text that consist of pieces. */
function pieceRanges(text: string, pieces: ReadonlySet<string>): Range[] {
  const found: Range[] = [];
  for (let at = 0; at + pieceLength <= text.length; at++) {
    const last = at + pieceLength - 1;
    if (!isTokenCharacter(text.charCodeAt(last)))
      at = last; // no piece includes this character, so most words are skipped
    else if (pieces.has(text.slice(at, last + 1))) {
      let end = last + 1;
      while (end < text.length && pieces.has(text.slice(end + 1 - pieceLength, end + 1))) end++;
      found.push([at, end]);
      at = end - 1;
    }
  }
  return found;
}

/** The text with one mask for each range, or for several that overlap. */
function withoutRanges(text: string, ranges: readonly Range[]): string {
  let clean = "";
  let copied = 0;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from >= copied) clean += text.slice(copied, from) + mask;
    copied = Math.max(copied, to);
  }
  return clean + text.slice(copied);
}

/** `!` to `~`. A value with other characters is found as a whole, or by the pieces between them. */
function isTokenCharacter(code: number): boolean {
  return code >= 0x21 && code <= 0x7e;
}

/** True for a value that no answer has by chance: words, and what repeats itself, have fewer different characters. */
function isUnmistakable(value: string): boolean {
  return new Set(value.toLowerCase()).size >= pieceLength;
}

/** Redacts the texts of an error, for programs that print it directly. */
export function redactError(error: unknown, redactor: Pick<Redactor, "redactAll" | "redactSecrets">): unknown {
  if (!(error instanceof CodexError)) return error;
  const { code, message, details, cause } = error;
  const { why, next, partialText } = details;
  return new CodexError(code, redactor.redactAll(message), {
    ...details,
    cause,
    why: why && redactor.redactAll(why),
    next: next && mapTexts(next, (text) => redactor.redactAll(text)),
    partialText: partialText && redactor.redactSecrets(partialText),
  });
}

const patterns: readonly RegExp[] = [
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/gi, // JSON Web Tokens
  /\b(?:rt|ac|at)_[\w.-]{6,}/gi, // refresh tokens, codes, access tokens by prefix
  /\bsk-[\w-]{8,}/gi,
  /\bBearer\s+[\w.~+/=-]{6,}/gi,
  /\b(?:code|state|code_verifier|refresh_token|access_token|id_token)=[^&\s"']+/gi,
];

/** Personal data of the signed-in user. */
interface Person {
  email: string | undefined;
  accountId: string | undefined;
}

/**
 * Redacts secrets from text at the sinks: known values, even if they are cut, and the patterns of unknown ones.
 * Patterns, personal data and what could be words are redacted only in logs and errors: see
 * docs/decisions.md#secrets-are-masked-answers-are-not-rewritten.
 */
export class Redactor {
  readonly #unmistakable = new SecretSet(isNoWord);
  readonly #all = new SecretSet(() => true);

  /** Masks these values from now on, in answers only if none can have them by chance. Ignores very short ones. */
  addSecrets(...secrets: readonly (string | undefined)[]): void {
    for (const value of secrets) {
      this.#add(value);
      if (value !== undefined && isUnmistakable(value)) this.#unmistakable.add(value);
    }
  }

  /** Masks the signed-in user in logs and errors from now on; the service may quote it there. */
  addPerson({ email, accountId }: Person): void {
    this.#add(email);
    this.#add(accountId);
  }

  #add(value: string | undefined): void {
    if (value !== undefined && value.length >= minLength) this.#all.add(value);
  }

  /** Length of the longest secret that answers are searched for; 0 if there is none. */
  get longest(): number {
    return this.#unmistakable.longest;
  }

  /** Masks known secrets that no answer has by chance. */
  redactSecrets(text: string): string {
    return this.#unmistakable.redact(text);
  }

  /** Masks known secrets, anything that looks like one, and the signed-in user. */
  redactAll(text: string): string {
    return patterns.reduce((rest, pattern) => rest.replace(pattern, mask), this.#all.redact(text));
  }
}
