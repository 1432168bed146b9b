import { CodexError } from "./errors.ts";
import { mapTexts } from "./next-step.ts";

/** A piece of this length counts as the value; shorter ones are plain words. */
const pieceLength = 12;
/** A long session refreshes many times; by then, the oldest values have expired. */
const maxValues = 200;

const mask = "[redacted]";

/** Secret values, found in texts even if they were cut anywhere. */
class SecretSet {
  readonly #values = new Set<string>();
  /** All substrings of `pieceLength`; undefined after a change. */
  #pieces: ReadonlySet<string> | undefined;

  /** Masks these values from now on, except short ones. */
  add(values: readonly (string | undefined)[]): void {
    for (const value of values) {
      if (value === undefined || value.length < 8) continue;
      if (!this.#values.delete(value)) this.#pieces = undefined;
      this.#values.add(value);
      if (this.#values.size > maxValues) this.#values.delete([...this.#values][0] ?? "");
    }
  }

  /** Length of the longest value; 0 if there is none. */
  get longest(): number {
    return Math.max(0, ...[...this.#values].map(({ length }) => length));
  }

  redact(text: string): string {
    const found = [...this.#values].filter((value) => text.includes(value));
    // The longest first: after masking a shorter value within it, the rest of a longer one would no longer match.
    const clean = found.sort((a, b) => b.length - a.length).reduce((rest, value) => rest.replaceAll(value, mask), text);
    const pieces = (this.#pieces ??= new Set([...this.#values].flatMap(piecesOf)));
    return pieces.size === 0 ? clean : withoutPieces(clean, pieces);
  }
}

function piecesOf(value: string): string[] {
  // Of a JSON Web Token only the signature is secret: other tokens share header and claims, which an answer may show.
  const from = /^eyJ[\w-]*\.[\w-]+\.(?=[\w-]+$)/.exec(value)?.[0].length ?? 0;
  // The domain of an e-mail address may also be that of a company's proxy, which an error must show.
  const to = /^[^@\s]+(?=@[^@\s]+$)/.exec(value)?.[0].length ?? value.length;
  const count = Math.max(0, Math.min(to, value.length - pieceLength + 1) - from);
  return Array.from({ length: count }, (_, n) => value.slice(from + n, from + n + pieceLength));
}

function withoutPieces(text: string, pieces: ReadonlySet<string>): string {
  let clean = "";
  let copied = 0;
  for (let at = 0; at + pieceLength <= text.length; at++) {
    const last = at + pieceLength - 1;
    if (!isTokenCharacter(text.charCodeAt(last)))
      at = last; // no piece includes this character, so most words are skipped
    else if (pieces.has(text.slice(at, last + 1))) {
      let end = last + 1;
      while (end < text.length && pieces.has(text.slice(end + 1 - pieceLength, end + 1))) end++;
      clean += text.slice(copied, at) + mask;
      copied = end;
      at = end - 1;
    }
  }
  return clean + text.slice(copied);
}

/** `!` to `~`. A value with other characters is found as a whole, or by the pieces between them. */
function isTokenCharacter(code: number): boolean {
  return code >= 0x21 && code <= 0x7e;
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
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g, // JSON Web Tokens
  /\b(?:rt|ac|at)_[\w.-]{6,}/g, // refresh tokens, codes, access tokens by prefix
  /\bsk-[\w-]{8,}/g,
  /\bBearer\s+[\w.~+/=-]{6,}/gi,
  /\b(?:code|state|code_verifier|refresh_token|access_token|id_token)=[^&\s"']+/g,
];

/** Personal data of the signed-in user. */
interface Person {
  email: string | undefined;
  accountId: string | undefined;
}

/**
 * Redacts secrets from text at the sinks: known values, even if they are cut, and the patterns of unknown ones.
 * Patterns and personal data are redacted only in logs and errors: see
 * docs/decisions.md#secrets-are-masked-answers-are-not-rewritten.
 */
export class Redactor {
  readonly #secrets = new SecretSet();
  readonly #personal = new SecretSet();

  /** Masks these values everywhere from now on. */
  addSecrets(...secrets: readonly (string | undefined)[]): void {
    this.#secrets.add(secrets);
  }

  /** Masks the signed-in user in logs and errors from now on; the service may quote it there. */
  addPerson({ email, accountId }: Person): void {
    this.#personal.add([email, accountId]);
  }

  /** Length of the longest secret; 0 if there is none. */
  get longest(): number {
    return this.#secrets.longest;
  }

  /** Masks known secrets. */
  redactSecrets(text: string): string {
    return this.#secrets.redact(text);
  }

  /** Masks known secrets, anything that looks like one, and the signed-in user. */
  redactAll(text: string): string {
    const clean = patterns.reduce((rest, pattern) => rest.replace(pattern, mask), this.redactSecrets(text));
    return this.#personal.redact(clean);
  }
}
