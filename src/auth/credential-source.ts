import type { Credential, CredentialKind } from "../api/credential.ts";
import type { ApiDialect } from "../api/dialect.ts";
import { type CodexError, toCodexError } from "../shared/errors.ts";

/** What would authorize a question now, for reports. */
export interface ActiveCredential {
  /** Also one that can't be used as it is; undefined if there is none. */
  credential: Credential | undefined;
  /** A question can use it, trouble or not. */
  usable: boolean;
  trouble: CodexError | undefined;
}

/** One way to authorize requests: each has a file of its own, and `CredentialChooser` picks one. */
export interface CredentialSource {
  readonly kind: CredentialKind;
  readonly api: ApiDialect;
  /** The API's root before any routing, without a trailing slash. */
  readonly baseUrl: string;
  /** The authorization server behind it; undefined without one. */
  readonly issuer: string | undefined;
  /** Another program's file that it is read from; empty if its place is unknown. */
  readonly foreignFile: string | undefined;
  /** Another credential can follow a refused one. */
  readonly replaceable: boolean;
  /** A credential that works now. @throws CodexError; or the signal's reason */
  get(signal: AbortSignal): Promise<Credential>;
  /** Reads only: asks, refreshes and changes nothing. @throws nothing */
  inspect(): Promise<ActiveCredential>;
  /** Another credential after the service refused this one (HTTP 401). @throws CodexError without one */
  replace(rejected: Credential, signal: AbortSignal): Promise<Credential>;
  /** A refusal in the terms of this kind, with the step that helps. */
  explain(error: unknown): unknown;
}

/** @param credential what was found, if anything */
export function unusable(trouble: unknown, credential?: Credential): ActiveCredential {
  return { credential, usable: false, trouble: toCodexError(trouble) };
}
