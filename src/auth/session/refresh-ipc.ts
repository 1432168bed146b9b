import * as z from "zod";
import type { TokenSet } from "../oauth/token-set.ts";
import { CodexError, errorCodes, type CodexErrorCode } from "../../shared/errors.ts";
import type { NextStep } from "../../shared/next-step.ts";

/**
 * What the server and the process of a refresh tell each other, over a channel that only these two
 * have. No token travels to the process: it reads the login file. One comes back only when it could
 * not be written there.
 */

/** The first message to the process. */
export const refreshJob = z.object({
  /** `HeldLock.pass` of the refresh lock, which the process takes over. */
  lock: z.string(),
  /** Fingerprint of the refresh token to spend; another one in the file needs no refresh. */
  token: z.string(),
  reason: z.enum(["proactive", "expired", "rejected"]),
});
export type RefreshJob = z.infer<typeof refreshJob>;

/** The answer to "unsaved": the server has the login now and saves it when it can. */
export const takenOver = z.object({ kind: z.literal("taken-over") });

const code = z.custom<CodexErrorCode>((value) => typeof value === "string" && value in errorCodes);
const name = z.string();
const nextStep: z.ZodType<NextStep> = z.lazy(() =>
  z.discriminatedUnion("do", [
    z.object({ do: z.literal("sign-in"), method: z.enum(["browser", "device"]).exactOptional() }),
    z.object({ do: z.literal("use-method"), method: z.enum(["codex-cli", "api-key"]) }),
    z.object({
      do: z.literal("choose-model"),
      which: z.enum(["named", "other", "larger"]).exactOptional(),
    }),
    z.object({
      do: z.literal("wait"),
      for: z.union([z.number(), z.literal("reset")]).exactOptional(),
    }),
    z.object({ do: z.literal("set-variable"), name, to: z.string().exactOptional() }),
    z.object({ do: z.literal("unset-variable"), names: z.array(name) }),
    z.object({ do: z.literal("act"), what: z.string() }),
    z.object({ do: z.literal("either"), of: z.array(z.array(nextStep)) }),
    z.object({
      do: z.enum([
        "paste-callback-url",
        "correct-request",
        "retry",
        "check-status",
        "run-doctor",
        "restart",
        "nothing",
      ]),
    }),
  ]),
);
const failure = z.object({
  code,
  message: z.string(),
  why: z.string().optional(),
  next: z.array(nextStep).readonly().optional(),
  retryAfterMs: z.number().optional(),
  unsent: z.boolean().optional(),
});
const optionalText = z.string().optional();
const tokens: z.ZodType<TokenSet> = z
  .object({
    // Every field, also those that a login may lack: this copy may become the only one.
    issuer: z.string(),
    apiOrigin: z.string(),
    accessToken: z.string(),
    refreshToken: z.string(),
    idToken: z.string(),
    accountId: z.string(),
    email: optionalText,
    plan: optionalText,
    expiresAt: z.number(),
    generation: z.number(),
    workspaceOrigin: optionalText,
    routingOverride: optionalText,
  } satisfies Record<keyof TokenSet, z.ZodType>)
  .transform(({ email, plan, ...rest }) => ({ ...rest, email, plan }));

/** How it ended. */
export const refreshReport = z.discriminatedUnion("kind", [
  /** The file has the login that counts. */
  z.object({ kind: z.literal("stored") }),
  /** Somebody else has the lock: nothing was sent. */
  z.object({ kind: z.literal("lock-lost") }),
  z.object({ kind: z.literal("failed"), error: failure }),
  /** Granted, but only in memory; `failure` when the login is of no use yet all the same. */
  z.object({
    kind: z.literal("unsaved"),
    tokens,
    error: failure,
    failure: failure.optional(),
  }),
]);
export type RefreshReport = z.infer<typeof refreshReport>;

export type Failure = z.infer<typeof failure>;

/** An error for the channel; its cause stays here, since it may hold anything. */
export function toFailure(error: CodexError): Failure {
  const { why, next, retryAfterMs, unsent } = error.details;
  return { code: error.code, message: error.message, why, next, retryAfterMs, unsent };
}

/** The error as the other side had it. */
export function fromFailure({ code, message, ...details }: Failure): CodexError {
  return new CodexError(code, message, details);
}
