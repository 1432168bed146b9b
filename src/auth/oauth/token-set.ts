import { CodexError } from "../../shared/errors.ts";
import { either, signIn, unsetVariables } from "../../shared/next-step.ts";
import { maskAccountId, maskEmail } from "../../shared/mask.ts";

/** The version of our record in the login file; a higher one belongs to a newer codex-oauth. */
export const recordVersion = 1;

/** A login as we keep and use it. Tokens go only to the two origins that it was issued for. */
export interface TokenSet {
  /** Issuer that the tokens came from, without a trailing slash. */
  issuer: string;
  /** Origin of the API that the tokens are for. */
  apiOrigin: string;
  accessToken: string;
  refreshToken: string;
  idToken: string;
  /** Value of the `chatgpt-account-id` header (docs/wire.md §7). */
  accountId: string;
  email: string | undefined;
  plan: string | undefined;
  /** When the access token ends, epoch ms. */
  expiresAt: number;
  /** Grows with every login, so that a late refresh cannot bring an older one back. */
  generation: number;
  /** Where the workspace wants its requests, as the service told it; undefined before it was asked. */
  workspaceOrigin?: string | undefined;
  /** How the workspace wants them routed; told together with the former. */
  routingOverride?: string | undefined;
}

/** True when the access token ends within the margin. */
export function isExpiring(tokens: TokenSet, now: number, marginMs: number): boolean {
  return tokens.expiresAt - now <= marginMs;
}

export function isExpired(tokens: TokenSet, now: number): boolean {
  return tokens.expiresAt <= now;
}

/** How a person is told whose login it is. */
export function accountLabel(tokens: Pick<TokenSet, "email" | "accountId">): string {
  return maskEmail(tokens.email) ?? `account ${maskAccountId(tokens.accountId)}`;
}

/** The two origins that this program talks to. */
export interface Origins {
  issuer: string;
  apiOrigin: string;
}

/**
 * Tokens go only where they were issued for (docs/wire.md §8): a changed setting means "not signed
 * in there", never "send them there". One more place may be added to these two, and only by the API
 * itself over its own TLS connection: a workspace's origin, which must be the API's or one below it
 * (`acceptedBase` in wire/accounts-check.ts).
 *
 * @throws CodexError `AUTH_REQUIRED`, naming both origins.
 */
export function assertIssuedFor(tokens: Origins, wanted: Origins): void {
  const pairs = [
    [tokens.issuer, wanted.issuer],
    [tokens.apiOrigin, wanted.apiOrigin],
  ] as const;
  for (const [stored, configured] of pairs) {
    if (originOf(stored) === originOf(configured)) continue;
    throw new CodexError("AUTH_REQUIRED", `The stored login is for ${stored}, not for ${configured}.`, {
      why: "A login is used only with the origin that issued it.",
      next: [either(signIn, unsetVariables("CODEX_ISSUER", "CODEX_BASE_URL"))],
    });
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
