import type { Credential } from "../api/credential.ts";
import type { CredentialKind } from "../shared/credential-kind.ts";
import type { ApiDialect } from "../api/dialect.ts";
import { type CodexError, toCodexError } from "../shared/errors.ts";

/** What would authorize a request now, for reports. */
export interface ActiveCredential {
  /** May be one that can't be used; undefined if there is none. */
  credential: Credential | undefined;
  /** A request can use it, even if there is trouble. */
  usable: boolean;
  trouble: CodexError | undefined;
}

/** A way to authorize requests. `CredentialChooser` selects one. */
export interface CredentialSource {
  readonly kind: CredentialKind;
  readonly api: ApiDialect;
  /** The API's root before any routing, without a trailing slash. */
  readonly baseUrl: string;
  /** The authorization server; undefined for an API key. */
  readonly issuer: string | undefined;
  /** Another program's file that it is read from; empty if the path is unknown, undefined without such a file. */
  readonly guestFile: string | undefined;
  /** `replace` may give another credential after a refusal. */
  readonly replaceable: boolean;
  /**
   * A credential that is valid now.
   *
   * @param replacer replaces it if a request that comes before the question is refused; by default this source
   * @throws CodexError, or the signal's reason
   */
  get(signal: AbortSignal, replacer?: CredentialReplacer): Promise<Credential>;
  /** Only reads: no request, no refresh. Never rejects. */
  inspect(): Promise<ActiveCredential>;
  /** Another credential after an HTTP 401. @throws CodexError if there is none */
  replace(rejected: Credential, signal: AbortSignal): Promise<Credential>;
  /** Rewords an API error for this kind of credential, with its next steps. */
  explain?(error: unknown): unknown;
}

export type CredentialReplacer = Pick<CredentialSource, "replace">;

export function unusable(trouble: unknown, credential?: Credential): ActiveCredential {
  return { credential, usable: false, trouble: toCodexError(trouble) };
}
