import type { TokenSet } from "../core/tokens.ts";
import { readClaims } from "../wire/claims.ts";
import type { RefreshResponse } from "../wire/oauth.ts";
import { accessTokenExpiry } from "./token-expiry.ts";

/**
 * The login after a refresh: what the answer lacks keeps its old value (docs/wire.md §4). Undefined
 * when the answer is for another account.
 */
export function refreshedLogin(
  spent: TokenSet,
  grant: RefreshResponse,
  now: number,
): TokenSet | undefined {
  const identity = readClaims(grant.id_token ?? "");
  const access = readClaims(grant.access_token ?? "");
  const accountId = identity.accountId ?? access.accountId;
  if (accountId !== undefined && accountId !== spent.accountId) return undefined;
  return {
    ...spent,
    accessToken: grant.access_token ?? spent.accessToken,
    refreshToken: grant.refresh_token ?? spent.refreshToken,
    idToken: grant.id_token ?? spent.idToken,
    plan: identity.plan ?? access.plan ?? spent.plan,
    email: identity.email ?? access.email ?? spent.email,
    expiresAt:
      grant.access_token === undefined
        ? spent.expiresAt
        : accessTokenExpiry(grant.access_token, grant.expires_in, now),
  };
}
