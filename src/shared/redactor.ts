import { CodexError } from "./errors.ts";
import { mapTexts } from "./next-step.ts";

/** Texts are cut in many places, so a part of a value counts as the value; shorter ones are words. */
const pieceLength = 12;
/** A long session refreshes many times; the values that were met longest ago are dead by then. */
const maxValues = 200;

/** Stands in place of what is not shown. */
const mask = "[redacted]";

/** Values that must not be shown, found in texts whole and in pieces, wherever they were cut. */
class SecretSet {
  readonly #values = new Set<string>();
  /** Every piece of them; made anew when it is needed after a change. */
  #pieces: ReadonlySet<string> | undefined;

  /** From now on these are masked. Short ones are no secrets. */
  add(values: readonly (string | undefined)[]): void {
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
    const clean = found.sort((a, b) => b.length - a.length).reduce((rest, value) => rest.replaceAll(value, mask), text);
    const pieces = (this.#pieces ??= new Set([...this.#values].flatMap(piecesOf)));
    return pieces.size === 0 ? clean : withoutPieces(clean, pieces);
  }
}

function piecesOf(value: string): string[] {
  // Of a JSON Web Token only the signature is a secret: header and claims say what other tokens say, too, and an answer
  // may rightly show some of that.
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

/** The same error with no secret in what it says, for programs that print it as it comes. */
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
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g, // JSON Web Tokens
  /\b(?:rt|ac|at)_[\w.-]{6,}/g, // refresh tokens, codes, access tokens by prefix
  /\bsk-[\w-]{8,}/g,
  /\bBearer\s+[\w.~+/=-]{6,}/gi,
  /\b(?:code|state|code_verifier|refresh_token|access_token|id_token)=[^&\s"']+/g,
];

/** Whose login it is, as far as it tells that. */
interface Person {
  email: string | undefined;
  accountId: string | undefined;
}

/**
 * Takes secrets out of text at the sinks. It knows the live values, also where a text was cut within one, and the
 * shapes of the rest; shapes and the person's own data are for logs and errors only, since an answer may rightly speak
 * of a token-like word, and hold the person's address.
 */
export class Redactor {
  readonly #secrets = new SecretSet();
  readonly #personal = new SecretSet();

  /** From now on these values are masked everywhere. */
  addSecrets(...secrets: readonly (string | undefined)[]): void {
    this.#secrets.add(secrets);
  }

  /** From now on who is signed in is masked in logs and errors; a service may quote it there. */
  addPerson({ email, accountId }: Person): void {
    this.#personal.add([email, accountId]);
  }

  /** Characters of the longest secret; 0 when none is known. */
  get longest(): number {
    return this.#secrets.longest;
  }

  /** Known secrets masked. */
  redactSecrets(text: string): string {
    return this.#secrets.masked(text);
  }

  /** Known secrets, what looks like one, and who is signed in masked. */
  redactAll(text: string): string {
    const clean = patterns.reduce((rest, pattern) => rest.replace(pattern, mask), this.redactSecrets(text));
    return this.#personal.masked(clean);
  }
}
