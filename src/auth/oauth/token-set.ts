import { accessTokenExpiry, readIdentity } from "./claims.ts";
import type { RefreshResponse } from "./oauth-messages.ts";
import { CodexError } from "../../shared/errors.ts";
import { unsetVariables } from "../../shared/next-step.ts";

/** The two origins that this program sends to. */
export interface Origins {
  /** The authorization server's issuer, without a trailing slash. */
  issuer: string;
  /** Origin of the API. */
  apiOrigin: string;
}

/** A stored login. Its tokens go only to the two origins that it was issued for. */
export interface TokenSet extends Origins {
  accessToken: string;
  refreshToken: string;
  idToken: string;
  /** Value of the `chatgpt-account-id` header (docs/wire.md §7). */
  accountId: string;
  email: string | undefined;
  plan: string | undefined;
  /** When the access token ends, epoch ms. */
  expiresAt: number;
  /** Grows with every login, so that a late refresh can't bring an older one back. */
  generation: number;
  /** The origin that the service named for the workspace; undefined until it was asked. */
  workspaceOrigin?: string | undefined;
  /** The workspace's routing value, which comes with `workspaceOrigin`. */
  routingOverride?: string | undefined;
}

/** True if the access token ends within the margin. */
export function isExpiring(tokens: TokenSet, now: number, marginMs: number): boolean {
  return tokens.expiresAt - now <= marginMs;
}

export function isExpired(tokens: TokenSet, now: number): boolean {
  return isExpiring(tokens, now, 0);
}

/** Display name of the account (masked). */
export function accountLabel(tokens: Pick<TokenSet, "email" | "accountId">): string {
  return maskEmail(tokens.email) ?? `account ${maskAccountId(tokens.accountId)}`;
}

/** The names of two accounts (masked). */
export interface AccountChange {
  before: string;
  now: string;
}

/** The change from one login's account to another's; undefined if it is the same. */
export function accountChange(before: TokenSet, now: TokenSet): AccountChange | undefined {
  if (before.accountId === now.accountId && before.email === now.email) return undefined;
  const labels = { before: accountLabel(before), now: accountLabel(now) };
  if (labels.before !== labels.now) return labels;
  // One person's two workspaces, or two addresses that look alike once masked.
  const long = (tokens: TokenSet): string => `${accountLabel(tokens)} (account ${maskAccountId(tokens.accountId)})`;
  return { before: long(before), now: long(now) };
}

/**
 * Asserts that a login was issued for the configured origins (docs/wire.md §8). With a changed setting the user is not
 * signed in there, and the tokens aren't sent there. Only the API itself can add an origin, over its own TLS
 * connection: the workspace's, which must be the API's or one below it (`acceptedBase` in auth/accounts-check.ts).
 *
 * @throws CodexError `AUTH_REQUIRED`, naming both origins.
 */
export function assertIssuedFor(tokens: Origins, configured: Origins): void {
  for (const key of ["issuer", "apiOrigin"] as const) {
    if (originOf(tokens[key]) === originOf(configured[key])) continue;
    throw new CodexError("AUTH_REQUIRED", `The stored login is for ${tokens[key]}, not for ${configured[key]}.`, {
      why: "A login goes only to the origins that it was issued for.",
      // No advice to sign in: whoever changed the settings would get the new login.
      next: [unsetVariables("CODEX_ISSUER", "CODEX_BASE_URL")],
    });
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** Masks `jane.doe@example.com` as `j***@example.com`: enough to distinguish accounts. */
function maskEmail(email: string | undefined): string | undefined {
  if (email === undefined) return undefined;
  const at = email.lastIndexOf("@");
  return at < 1 ? "***" : `${email.slice(0, 1)}***${email.slice(at)}`;
}

/** The last four characters of an account id. */
function maskAccountId(accountId: string): string {
  return `…${accountId.slice(-4)}`;
}

/** The refreshed login: a missing field keeps its old value (docs/wire.md §4). Undefined for another account. */
export function mergeTokens(previous: TokenSet, grant: RefreshResponse, now: number): TokenSet | undefined {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, expires_in: expiresIn } = grant;
  const { accountId, plan, email } = readIdentity(idToken, accessToken);
  if (accountId !== undefined && accountId !== previous.accountId) return undefined;
  return {
    ...previous,
    accessToken: accessToken ?? previous.accessToken,
    refreshToken: refreshToken ?? previous.refreshToken,
    idToken: idToken ?? previous.idToken,
    plan: plan ?? previous.plan,
    email: email ?? previous.email,
    expiresAt: accessToken === undefined ? previous.expiresAt : accessTokenExpiry(accessToken, expiresIn, now),
  };
}
