import { createHash, randomBytes } from "node:crypto";

import { CODE_LIFETIME_MS } from "./constants.ts";
import type { Family } from "./types.ts";
import type { SimAccount } from "./types.ts";

export interface CodeRecord {
  readonly code: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly scope: string;
  readonly account: SimAccount;
  readonly expiresAt: number;
  /** The login that the code was spent on. */
  family?: Family;
}

export type CodeRequest = Pick<CodeRecord, "redirectUri" | "codeChallenge" | "scope" | "account">;

/** Authorization codes and what each is bound to. */
export class CodeStore {
  readonly #now: () => number;
  readonly #secrets: Set<string>;
  readonly #codes = new Map<string, CodeRecord>();

  constructor(now: () => number, secrets: Set<string>) {
    this.#now = now;
    this.#secrets = secrets;
  }

  create(request: CodeRequest): string {
    const n = String(this.#codes.size + 1);
    const code = `ac_CANARY_CODE_${n}.${randomBytes(24).toString("base64url")}`;
    const expiresAt = this.#now() + CODE_LIFETIME_MS;
    const account = { ...request.account };
    this.#codes.set(code, { ...request, account, code, expiresAt });
    this.#secrets.add(code);
    return code;
  }

  find(code: string): CodeRecord | undefined {
    return this.#codes.get(code);
  }
}

/** RFC 7636 §4.2. */
export function s256(codeVerifier: string): string {
  return createHash("sha256").update(codeVerifier, "ascii").digest("base64url");
}

/** RFC 7636 §4.1: 43 to 128 characters out of the unreserved ones. */
export function isCodeVerifier(value: string): boolean {
  return /^[A-Za-z0-9\-._~]{43,128}$/.test(value);
}
