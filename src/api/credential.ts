import type { ApiDialect, Authorization } from "./dialect.ts";

/** How requests are authorized; the auth file keeps a preference as `codex.mode`. */
export type CredentialKind = "chatgpt" | "codex-cli" | "api-key";

/** A kind that needs no login of this program. */
export type ExternalKind = Exclude<CredentialKind, "chatgpt">;

/** The stored preference for an external kind. */
export interface StoredPreference {
  mode: ExternalKind;
  /** Grows with every login and preference, like `TokenSet.generation`. */
  generation: number;
}

/** What authorizes one request. It goes only to the origin of its `baseUrl`. */
export interface Credential extends Authorization {
  kind: CredentialKind;
  /** How the service at `baseUrl` wants to be asked. */
  api: ApiDialect;
  /** The API's root, without a trailing slash. */
  baseUrl: string;
  email: string | undefined;
  plan: string | undefined;
  /** When the secret ends, epoch ms; undefined if that is unknown. */
  expiresAt: number | undefined;
  /** Whose account pays, for a person: masked, and never a character of a key. */
  owner: string;
}
