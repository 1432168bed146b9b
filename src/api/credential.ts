import type { CredentialKind, ExternalKind } from "../shared/credential-kind.ts";
import type { ApiDialect, Authorization } from "./dialect.ts";

/** The stored preference for an external kind. */
export interface StoredPreference {
  kind: ExternalKind;
  /** Increases with every login and preference, like `TokenSet.generation`. */
  generation: number;
}

/** What authorizes one request. It goes only to the origin of its `baseUrl`. */
export interface Credential extends Authorization {
  kind: CredentialKind;
  api: ApiDialect;
  /** The API's root, without a trailing slash. */
  baseUrl: string;
  email: string | undefined;
  plan: string | undefined;
  /** When the secret expires, epoch ms; undefined if unknown. */
  expiresAt: number | undefined;
  /** Display name of the account that pays: masked, without any part of a key. */
  owner: string;
}
