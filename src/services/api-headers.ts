import type { Credential } from "../core/credentials.ts";
import { higherVersion } from "../core/version.ts";
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
  credential: Credential,
  minimalVersion?: string,
): Record<string, string> {
  const { mode, secret, accountId, fedramp, routingOverride } = credential;
  const own = { authorization: `Bearer ${secret}`, "user-agent": userAgent };
  if (mode === "api-key") return own;
  return {
    ...own,
    originator,
    ...(accountId === undefined ? {} : { "chatgpt-account-id": accountId }),
    ...(fedramp ? { "x-openai-fedramp": "true" } : {}),
    ...(routingOverride === undefined
      ? {}
      : { "x-openai-account-routing-override": routingOverride }),
    version: higherVersion(clientVersion, minimalVersion),
  };
}
