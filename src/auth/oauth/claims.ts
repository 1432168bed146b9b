import * as z from "zod";
import { optionalText, parseJson } from "../../shared/json.ts";

const fallbackLifetimeMs = 60 * 60_000;
/** No server issues a shorter lifetime, so a shorter rest means that this machine's clock is ahead. */
const impossiblyShortMs = 60_000;

/**
 * When a newly issued access token ends, epoch ms by this machine's clock. Its own `exp` counts, else the endpoint's
 * `expires_in`, else an hour. If `exp` is past already, the lifetime counts from now: else every query would refresh.
 *
 * @param expiresInSeconds RFC 6749 §5.1 `expires_in`
 */
export function accessTokenExpiry(accessToken: string, expiresInSeconds: number | undefined, now: number): number {
  const { expiresAt, issuedAt } = readClaims(accessToken);
  const expiresInMs = expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000;
  if (expiresAt === undefined) return now + (expiresInMs ?? fallbackLifetimeMs);
  if (expiresAt - now > impossiblyShortMs) return expiresAt;
  const lifetimeMs = expiresInMs ?? expiresAt - (issuedAt ?? expiresAt);
  return lifetimeMs > impossiblyShortMs ? now + lifetimeMs : expiresAt;
}

/** The last moment that a `Date` can hold (ECMA-262 §21.4.1.1). */
export const lastEpochMs = 8.64e15;

const authClaim = "https://api.openai.com/auth";
const profileClaim = "https://api.openai.com/profile";

const epochSeconds = z.number().nonnegative();

const claims = z.object({
  exp: epochSeconds
    .max(lastEpochMs / 1000)
    .optional()
    .catch(undefined),
  iat: epochSeconds.optional().catch(undefined),
  email: optionalText,
  [profileClaim]: z.object({ email: optionalText }).optional().catch(undefined),
  [authClaim]: z
    .object({
      chatgpt_account_id: optionalText,
      chatgpt_plan_type: optionalText,
      chatgpt_account_is_fedramp: z.boolean().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** The claims that this program uses. Only the service verifies tokens (docs/wire.md §7). */
interface TokenClaims {
  /** Epoch ms. */
  expiresAt: number | undefined;
  /** Epoch ms, by the server's clock. */
  issuedAt: number | undefined;
  accountId: string | undefined;
  plan: string | undefined;
  email: string | undefined;
  /** The account is in the US government's cloud. */
  fedramp: boolean;
}

const printable = (value: string | undefined): string | undefined =>
  value !== undefined && /^[\x21-\x7e]{1,200}$/.test(value) ? value : undefined;

const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round(seconds * 1000);

/** The claims of a JWT; all are undefined for any other string. */
export function readClaims(jwt: string): TokenClaims {
  const found = claims.safeParse(decodePayload(jwt)).data ?? {};
  const auth = found[authClaim];
  return {
    expiresAt: milliseconds(found.exp),
    issuedAt: milliseconds(found.iat),
    accountId: printable(auth?.chatgpt_account_id),
    plan: printable(auth?.chatgpt_plan_type),
    email: printable(found.email ?? found[profileClaim]?.email),
    fedramp: auth?.chatgpt_account_is_fedramp === true,
  };
}

/** The account of a grant: each claim of the ID token, else of the access token. */
export function readIdentity(idToken = "", accessToken = ""): Pick<TokenClaims, "accountId" | "plan" | "email"> {
  const [identity, access] = [readClaims(idToken), readClaims(accessToken)];
  return {
    accountId: identity.accountId ?? access.accountId,
    plan: identity.plan ?? access.plan,
    email: identity.email ?? access.email,
  };
}

function decodePayload(jwt: string): unknown {
  const payload = jwt.split(".")[1];
  // Undefined for an opaque token, which is allowed (RFC 6749 §1.4).
  return payload === undefined ? undefined : parseJson(Buffer.from(payload, "base64url").toString("utf8"));
}
