import { CLIENT_ID } from "./constants.ts";
import type { Family } from "./types.ts";
import type { SimAccount } from "./types.ts";

const AUTH_CLAIM = "https://api.openai.com/auth";
const PROFILE_CLAIM = "https://api.openai.com/profile";

/** Claims of an access token, without `exp`. */
export function accessClaims(family: Family, issuer: string, now: number, jti: string): Record<string, unknown> {
  const { account, scope } = family;
  return {
    iss: issuer,
    aud: ["https://api.openai.com/v1"],
    client_id: CLIENT_ID,
    sub: `auth0|${account.userId}`,
    iat: seconds(now),
    jti,
    scp: scope.split(" "),
    [AUTH_CLAIM]: accountClaims(account),
    [PROFILE_CLAIM]: { email: account.email, email_verified: true },
  };
}

/** Claims of an ID token. It lives for an hour: its expiry says nothing about the login's. */
export function idClaims(family: Family, issuer: string, now: number): Record<string, unknown> {
  const { account } = family;
  return {
    iss: issuer,
    aud: [CLIENT_ID],
    sub: `auth0|${account.userId}`,
    iat: seconds(now),
    exp: seconds(now) + 3600,
    email: account.email,
    email_verified: true,
    [AUTH_CLAIM]: {
      ...accountClaims(account),
      ...(account.fedramp === undefined ? {} : { chatgpt_account_is_fedramp: account.fedramp }),
      // Platform organizations, never the ChatGPT account: a client that takes this id for the
      // account header is refused here.
      organizations: [{ id: "org-simulated", is_default: true, role: "owner", title: "Personal" }],
    },
  };
}

function accountClaims(account: SimAccount): Record<string, unknown> {
  return {
    chatgpt_account_id: account.accountId,
    chatgpt_plan_type: account.plan,
    chatgpt_user_id: account.userId,
    user_id: account.userId,
  };
}

function seconds(epochMs: number): number {
  return Math.floor(epochMs / 1000);
}
