import type { CodexError } from "../core/errors.ts";
import type { TokenSet } from "../core/tokens.ts";

/** How a login ended while no call was waiting for it. */
export interface LoginNews {
  /** Epoch ms. */
  at: number;
  result: { tokens: TokenSet } | { failure: CodexError };
}

/** An old end, or one that something else has overtaken, would only keep a person from signing in. */
export async function isStillNews(
  { at, result }: LoginNews,
  now: number,
  maxAgeMs: number,
  isStored: (tokens: TokenSet) => Promise<boolean>,
): Promise<boolean> {
  const age = now - at;
  if (age < 0 || age > maxAgeMs) return false;
  if ("tokens" in result) return isStored(result.tokens);
  return result.failure.code !== "LOGIN_TIMEOUT";
}
