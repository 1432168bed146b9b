const patterns: readonly RegExp[] = [
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g, // JSON Web Tokens
  /\b(?:rt|ac|at)_[\w.-]{6,}/g, // refresh tokens, codes, access tokens by prefix
  /\bsk-[\w-]{8,}/g,
  /\bBearer\s+[\w.~+/=-]{6,}/gi,
  /\b(?:code|state|code_verifier|refresh_token|access_token|id_token)=[^&\s"']+/g,
];

const mask = "[redacted]";

/**
 * Takes secrets out of text at the sinks. It knows the live values, and the shapes of the rest;
 * shapes are for logs and errors only, since an answer may rightly speak of a token-like word.
 */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** From now on these values are masked everywhere. Short ones are no secrets. */
  learn(...secrets: readonly (string | undefined)[]): void {
    for (const secret of secrets) {
      if (secret === undefined || secret.length < 8) continue;
      // A long session refreshes many times; the secrets that were met longest ago are dead by then.
      this.#secrets.delete(secret);
      this.#secrets.add(secret);
      if (this.#secrets.size > 200) this.#secrets.delete(this.#secrets.values().next().value ?? "");
    }
  }

  /** Characters of the longest known value; 0 when none is known. */
  get longest(): number {
    return Math.max(0, ...[...this.#secrets].map(({ length }) => length));
  }

  /** Known values masked. */
  values(text: string): string {
    const found = [...this.#secrets].filter((secret) => text.includes(secret));
    // The longest first: what is left of one after a shorter one was cut out would not be known.
    return found
      .sort((a, b) => b.length - a.length)
      .reduce((clean, secret) => clean.replaceAll(secret, mask), text);
  }

  /** Known values and everything that looks like a secret masked. */
  all(text: string): string {
    return patterns.reduce((clean, pattern) => clean.replace(pattern, mask), this.values(text));
  }
}
