import { higherVersion } from "../core/version.ts";
import type { TokenSet } from "../core/tokens.ts";
import { originator } from "../wire/constants.ts";

export interface ApiHeaderDeps {
  /** Our own product token and platform, never that of a browser or of another program. */
  userAgent: string;
  /** The Codex version that we report. */
  clientVersion: string;
}

/**
 * Headers of every request to the API (docs/wire.md §8).
 *
 * @param minimalVersion sent instead of the reported version where a model asks for a higher one
 */
export function apiHeaders(
  { userAgent, clientVersion }: ApiHeaderDeps,
  tokens: TokenSet,
  minimalVersion?: string,
): Record<string, string> {
  return {
    authorization: `Bearer ${tokens.accessToken}`,
    "chatgpt-account-id": tokens.accountId,
    originator,
    "user-agent": userAgent,
    version: higherVersion(clientVersion, minimalVersion),
  };
}
