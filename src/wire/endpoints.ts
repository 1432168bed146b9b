import type { Credential } from "../core/credentials.ts";

type Target = Pick<Credential, "mode" | "baseUrl">;

/** Where questions go (docs/wire.md §8). */
export function responsesUrl({ mode, baseUrl }: Target): string {
  return `${baseUrl}${mode === "api-key" ? "/responses" : "/codex/responses"}`;
}

/** Where a workspace's origin is asked for (docs/wire.md §8); always at the standard one. */
export function accountsCheckUrl({ baseUrl }: Pick<Target, "baseUrl">): string {
  return `${baseUrl}/wham/accounts/check`;
}

/** Where the models are listed (docs/wire.md §15). */
export function modelsUrl({ mode, baseUrl }: Target, clientVersion: string): string {
  return mode === "api-key"
    ? `${baseUrl}/models`
    : `${baseUrl}/codex/models?client_version=${clientVersion}`;
}
