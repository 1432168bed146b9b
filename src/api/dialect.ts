import { higherVersion } from "../shared/semver.ts";
import { originator } from "./constants.ts";
import type { Credential } from "./credential.ts";

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
  const { kind: mode, secret, accountId, fedramp, routingOverride } = credential;
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

type Target = Pick<Credential, "mode" | "baseUrl">;

/** Where questions go (docs/wire.md §8). */
export function responsesUrl({ kind: mode, baseUrl }: Target): string {
  return `${baseUrl}${mode === "api-key" ? "/responses" : "/codex/responses"}`;
}

/** Where a workspace's origin is asked for (docs/wire.md §8); always at the standard one. */
export function accountsCheckUrl({ baseUrl }: Pick<Target, "baseUrl">): string {
  return `${baseUrl}/wham/accounts/check`;
}

/** Where the models are listed (docs/wire.md §15). */
export function modelsUrl({ kind: mode, baseUrl }: Target, clientVersion: string): string {
  return mode === "api-key"
    ? `${baseUrl}/models`
    : `${baseUrl}/codex/models?client_version=${clientVersion}`;
}
