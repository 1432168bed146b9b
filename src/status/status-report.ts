import type { DoctorReport } from "./finding.ts";
import type { CredentialKind } from "../shared/credential-kind.ts";
import type { CodexError } from "../shared/errors.ts";
import type { Quota } from "../quota/quota.ts";

/** A pending sign-in, without the code of a device sign-in. */
export type PendingLoginStatus =
  | { method: "browser"; authorizationUrl: string; endsAt: number }
  | { method: "device"; verificationUrl: string; endsAt: number };

/** State of login, plan, quota and configuration. */
export interface Status {
  /** Whether a query would have a usable credential. */
  signedIn: boolean;
  /** The kind of the active credential. */
  mode: CredentialKind;
  /** The setting that selects the kind; undefined if the stored choice does. */
  decidedBy: "CODEX_AUTH" | undefined;
  /** Masked; undefined with an API key. */
  account: string | undefined;
  plan: string | undefined;
  /** The masked account of a ChatGPT login that is kept, but not used while another way is chosen. */
  setAside: string | undefined;
  /** Epoch ms. */
  expiresAt: number | undefined;
  authFile: string;
  /** The login in it is encrypted with a key in the system's keyring; undefined if there is no login that can be read. */
  encrypted: boolean | undefined;
  /** The Codex CLI's file, which is only read. */
  guestFile: string | undefined;
  issuer: string;
  apiOrigin: string;
  defaultModel: string | undefined;
  quota: Quota | undefined;
  /** Why the login can't be used as it is; a sentence if no error occurred. */
  trouble: CodexError | string | undefined;
  pendingLogin: PendingLoginStatus | undefined;
  /** Error of this process's last sign-in, until a call has reported it. */
  failedLogin: CodexError | undefined;
  problems: readonly string[];
  logFile: string | undefined;
  /** The doctor's report, if requested. */
  details: DoctorReport | undefined;
}
