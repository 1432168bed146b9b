import { readClaims } from "../wire/claims.ts";

const fallbackLifetimeMs = 60 * 60_000;

/**
 * When an access token ends, epoch ms: its own `exp`, else what the endpoint said, else an hour.
 *
 * @param expiresInSeconds RFC 6749 §5.1 `expires_in`
 */
export function accessTokenExpiry(
  accessToken: string,
  expiresInSeconds: number | undefined,
  now: number,
): number {
  const { expiresAt } = readClaims(accessToken);
  return (
    expiresAt ??
    now + (expiresInSeconds === undefined ? fallbackLifetimeMs : expiresInSeconds * 1000)
  );
}
