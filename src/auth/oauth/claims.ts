import * as z from "zod";

const fallbackLifetimeMs = 60 * 60_000;
/** No server issues a token that ends this soon: then this machine's clock is ahead. */
const impossiblyShortMs = 60_000;

/**
 * When an access token that was issued just now ends, epoch ms by this machine's clock: its own `exp`,
 * else what the endpoint said, else an hour. Where `exp` has passed already, the token's lifetime
 * counts from now: else every question would refresh it again.
 *
 * @param expiresInSeconds RFC 6749 §5.1 `expires_in`
 */
export function accessTokenExpiry(accessToken: string, expiresInSeconds: number | undefined, now: number): number {
  const { expiresAt, issuedAt } = readClaims(accessToken);
  const told = expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000;
  if (expiresAt === undefined) return now + (told ?? fallbackLifetimeMs);
  if (expiresAt - now > impossiblyShortMs) return expiresAt;
  const own = issuedAt === undefined ? undefined : expiresAt - issuedAt;
  const lifetimeMs = told ?? own ?? 0;
  return lifetimeMs > impossiblyShortMs ? now + lifetimeMs : expiresAt;
}

/** The last moment that a `Date` can hold (ECMA-262 §21.4.1.1). */
export const lastEpochMs = 8.64e15;

const authClaim = "https://api.openai.com/auth";
const profileClaim = "https://api.openai.com/profile";

const claims = z.object({
  exp: z
    .number()
    .nonnegative()
    .max(lastEpochMs / 1000)
    .optional()
    .catch(undefined),
  iat: z.number().nonnegative().optional().catch(undefined),
  email: z.string().optional().catch(undefined),
  [profileClaim]: z
    .object({ email: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  [authClaim]: z
    .object({
      chatgpt_account_id: z.string().optional().catch(undefined),
      chatgpt_plan_type: z.string().optional().catch(undefined),
      chatgpt_account_is_fedramp: z.boolean().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** What we read from a token; nothing here is verified, the service does that (docs/wire.md §7). */
export interface TokenClaims {
  /** Epoch ms. */
  expiresAt: number | undefined;
  /** Epoch ms, by the server's clock. */
  issuedAt: number | undefined;
  accountId: string | undefined;
  plan: string | undefined;
  email: string | undefined;
  /** The account is in the government's cloud. */
  fedramp: boolean;
}

const printable = (value: string | undefined): string | undefined =>
  value !== undefined && /^[\x21-\x7e]{1,200}$/.test(value) ? value : undefined;

/** The claims of a JWT; everything is undefined for a string that is none. */
export function readClaims(jwt: string): TokenClaims {
  const parsed = claims.safeParse(decodePayload(jwt));
  const found = parsed.success ? parsed.data : {};
  const auth = found[authClaim];
  return {
    expiresAt: found.exp === undefined ? undefined : Math.round(found.exp * 1000),
    issuedAt: found.iat === undefined ? undefined : Math.round(found.iat * 1000),
    accountId: printable(auth?.chatgpt_account_id),
    plan: printable(auth?.chatgpt_plan_type),
    email: printable(found.email ?? found[profileClaim]?.email),
    fedramp: auth?.chatgpt_account_is_fedramp === true,
  };
}

function decodePayload(jwt: string): unknown {
  const payload = jwt.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    return undefined; // not a JWT: an opaque token is allowed (RFC 6749 §1.4)
  }
}
