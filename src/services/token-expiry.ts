import { readClaims } from "../wire/claims.ts";

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
export function accessTokenExpiry(
  accessToken: string,
  expiresInSeconds: number | undefined,
  now: number,
): number {
  const { expiresAt, issuedAt } = readClaims(accessToken);
  const told = expiresInSeconds === undefined ? undefined : expiresInSeconds * 1000;
  if (expiresAt === undefined) return now + (told ?? fallbackLifetimeMs);
  if (expiresAt - now > impossiblyShortMs) return expiresAt;
  const own = issuedAt === undefined ? undefined : expiresAt - issuedAt;
  const lifetimeMs = told ?? own ?? 0;
  return lifetimeMs > impossiblyShortMs ? now + lifetimeMs : expiresAt;
}
