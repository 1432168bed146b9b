import type { DoctorReport } from "./doctor.ts";
import type { Quota } from "./quota.ts";

/** A login under way; never the code of a device login. */
export type PendingLoginStatus =
  | { method: "browser"; authorizationUrl: string; endsAt: number }
  | { method: "device"; verificationUrl: string; endsAt: number };

/** Everything that codex_status says, collected. */
export interface Status {
  signedIn: boolean;
  /** Masked. */
  account: string | undefined;
  plan: string | undefined;
  /** Epoch ms. */
  expiresAt: number | undefined;
  authFile: string;
  issuer: string;
  apiOrigin: string;
  defaultModel: string | undefined;
  quota: Quota | undefined;
  /** Why the stored login cannot be used as it is, in one line with its code. */
  trouble: string | undefined;
  pendingLogin: PendingLoginStatus | undefined;
  /** How the last sign-in of this process failed, while no call has told it. */
  failedLogin: string | undefined;
  problems: readonly string[];
  logFile: string | undefined;
  /** What the doctor found, where details are wanted. */
  details: DoctorReport | undefined;
}
