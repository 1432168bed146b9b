import { KnownValues, mask } from "./known-values.ts";

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
 * Takes secrets out of text at the sinks. It knows the live values, also where a text was cut within
 * one, and the shapes of the rest; shapes and the person's own data are for logs and errors only,
 * since an answer may rightly speak of a token-like word, and hold the person's address.
 */
export class Redactor {
  readonly #secrets = new KnownValues();
  readonly #personal = new KnownValues();

  /** From now on these values are masked everywhere. */
  learn(...secrets: readonly (string | undefined)[]): void {
    this.#secrets.learn(secrets);
  }

  /** From now on who is signed in is masked in logs and errors; a service may quote it there. */
  learnPerson({ email, accountId }: Person): void {
    this.#personal.learn([email, accountId]);
  }

  /** Characters of the longest secret; 0 when none is known. */
  get longest(): number {
    return this.#secrets.longest;
  }

  /** Known secrets masked. */
  values(text: string): string {
    return this.#secrets.masked(text);
  }

  /** Known secrets, what looks like one, and who is signed in masked. */
  all(text: string): string {
    const clean = patterns.reduce(
      (rest, pattern) => rest.replace(pattern, mask),
      this.values(text),
    );
    return this.#personal.masked(clean);
  }
}
