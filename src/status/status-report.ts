import type { DoctorReport } from "./finding.ts";
import type { CredentialKind } from "../api/credential.ts";
import type { CodexError } from "../shared/errors.ts";
import type { Quota } from "../quota/quota.ts";

/** A login under way; never the code of a device login. */
export type PendingLoginStatus =
  | { method: "browser"; authorizationUrl: string; endsAt: number }
  | { method: "device"; verificationUrl: string; endsAt: number };

/** Login, plan, quota and configuration, collected. */
export interface Status {
  /** A question can be asked. */
  signedIn: boolean;
  /** How it would be paid for. */
  mode: CredentialKind;
  /** The setting that decides over the mode; undefined if the stored choice does. */
  decidedBy: "CODEX_AUTH" | undefined;
  /** Masked; undefined with an API key. */
  account: string | undefined;
  plan: string | undefined;
  /** Epoch ms. */
  expiresAt: number | undefined;
  authFile: string;
  /** The official client's file that is read, and never written. */
  guestFile: string | undefined;
  issuer: string;
  apiOrigin: string;
  defaultModel: string | undefined;
  quota: Quota | undefined;
  /** Why the stored login cannot be used as it is; a sentence if it is no failure of a call. */
  trouble: CodexError | string | undefined;
  pendingLogin: PendingLoginStatus | undefined;
  /** How the last sign-in of this process failed, while no call has told it. */
  failedLogin: CodexError | undefined;
  problems: readonly string[];
  logFile: string | undefined;
  /** What the doctor found, where details are wanted. */
  details: DoctorReport | undefined;
}
