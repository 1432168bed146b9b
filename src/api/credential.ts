import { maskAccountId } from "../shared/mask.ts";
import { maskEmail } from "../shared/mask.ts";

/** How a person is told whose account pays; never a character of a key. */
export function credentialLabel({
  kind: mode,
  email,
  accountId,
}: Pick<Credential, "mode" | "email" | "accountId">): string {
  if (mode === "api-key") return "the API key";
  const account =
    maskEmail(email) ??
    (accountId === undefined ? "an account" : `account ${maskAccountId(accountId)}`);
  return mode === "codex-cli" ? `${account} by the Codex CLI's login` : account;
}

/** How requests are authorized; the auth file keeps the choice as `codex.mode`. */
export type CredentialKind = "chatgpt" | "codex-cli" | "api-key";

/** A stored choice of a way that needs no login of ours. */
export interface StoredPreference {
  mode: Exclude<CredentialKind, "chatgpt">;
  /** Grows with every login and choice, like `TokenSet.generation`. */
  generation: number;
}

/** What authorizes one request. It goes only to the origin of its `baseUrl`. */
export interface Credential {
  kind: CredentialKind;
  /** Sent as the bearer token: an access token, or an API key. */
  secret: string;
  /** The API's root, without a trailing slash. */
  baseUrl: string;
  /** Value of the `chatgpt-account-id` header; undefined with an API key. */
  accountId: string | undefined;
  email: string | undefined;
  plan: string | undefined;
  /** When the secret ends, epoch ms; undefined when nobody can tell. */
  expiresAt: number | undefined;
  /** The account is in the government's cloud (docs/wire.md §7). */
  fedramp: boolean;
  /** Value of the `x-openai-account-routing-override` header (docs/wire.md §8), if one is wanted. */
  routingOverride: string | undefined;
}
