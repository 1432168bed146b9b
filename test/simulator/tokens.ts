import { randomBytes } from "node:crypto";

import { accessClaims, idClaims } from "./claims.ts";
import { unsignedJwt } from "./jwt.ts";
import type { Family, IssuedTokens, SimAccount } from "./types.ts";

export type AccessState = "good" | "unknown" | "expired" | "invalidated" | "revoked";

interface AccessRecord {
  readonly family: Family;
  expiresAt: number;
  state: "good" | "invalidated" | "revoked";
}

export interface GrantOptions {
  /** Milliseconds; may be negative. */
  expiresInMs?: number;
  withoutExp?: boolean;
}

/** Who holds which token, and what each is still good for. */
export class TokenStore {
  readonly #now: () => number;
  readonly #lifetimeMs: number;
  readonly #secrets: Set<string>;
  readonly #byRefresh = new Map<string, Family>();
  readonly #byAccess = new Map<string, AccessRecord>();
  #count = 0;

  constructor(now: () => number, lifetimeMs: number, secrets: Set<string>) {
    this.#now = now;
    this.#lifetimeMs = lifetimeMs;
    this.#secrets = secrets;
  }

  open(account: SimAccount, scope: string): Family {
    return { account: { ...account }, scope, refreshTokens: [], accessTokens: [], revoked: false };
  }

  /** New tokens for a family; the refresh token is new only when `rotate` says so. */
  grant(family: Family, issuer: string, rotate: boolean, options: GrantOptions = {}): IssuedTokens {
    const n = (this.#count += 1);
    const now = this.#now();
    const expiresAt = now + (options.expiresInMs ?? this.#lifetimeMs);
    const claims = accessClaims(family, issuer, now, `CANARY_AT_${String(n)}`);
    if (options.withoutExp !== true) claims["exp"] = Math.floor(expiresAt / 1000);
    const accessToken = unsignedJwt(claims, `CANARY_AT_${String(n)}_${random()}`);
    const idToken = unsignedJwt(idClaims(family, issuer, now), `CANARY_ID_${String(n)}_${random()}`);

    const current = family.refreshTokens.at(-1);
    const refreshToken = rotate || current === undefined ? `rt_CANARY_RT_${String(n)}_${random()}` : current;
    if (refreshToken !== current) family.refreshTokens.push(refreshToken);

    family.accessTokens.push(accessToken);
    this.#byRefresh.set(refreshToken, family);
    this.#byAccess.set(accessToken, { family, expiresAt, state: "good" });
    for (const secret of [accessToken, refreshToken, idToken]) this.#secrets.add(secret);
    const { accountId, email, plan } = family.account;
    return { accessToken, refreshToken, idToken, accountId, email, plan, expiresAt };
  }

  familyOf(token: string): Family | undefined {
    return this.#byRefresh.get(token) ?? this.#byAccess.get(token)?.family;
  }

  /**
   * The end of a login, its access tokens included.
   *
   * A replayed refresh token ends only the refresh chain (`family.revoked`): the access token is
   * self-contained and goes on until it expires.
   */
  revoke(family: Family, as: "invalidated" | "revoked"): void {
    family.revoked = true;
    for (const token of family.accessTokens) this.markAccess(token, as);
  }

  markAccess(accessToken: string, as: "invalidated" | "revoked"): void {
    this.#access(accessToken).state = as;
  }

  expireAccess(accessToken: string): void {
    this.#access(accessToken).expiresAt = this.#now() - 1;
  }

  accessState(accessToken: string): AccessState {
    const record = this.#byAccess.get(accessToken);
    if (record === undefined) return "unknown";
    if (record.state !== "good") return record.state;
    return record.expiresAt <= this.#now() ? "expired" : "good";
  }

  #access(accessToken: string): AccessRecord {
    const record = this.#byAccess.get(accessToken);
    if (record === undefined) throw new Error("simulator: this access token was never issued");
    return record;
  }
}

function random(): string {
  return randomBytes(18).toString("base64url");
}
