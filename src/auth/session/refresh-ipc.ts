import * as z from "zod";
import { CodexError, errorCodes, type CodexErrorCode } from "../../shared/errors.ts";
import type { NextStep } from "../../shared/next-step.ts";
import { storedTokens } from "./auth-file.ts";

/*
 * Messages between the server and the refresh process, over a channel that only these two have. No token goes to the
 * process, which reads the auth file. Tokens come back only if they could not be written there.
 */

/** The first message to the process. */
export const refreshJob = z.object({
  /** `HeldLock.handoverId` of the refresh lock, which the process takes over. */
  lock: z.string(),
  /** Fingerprint of the refresh token to use; if the file has another one, no refresh is needed. */
  token: z.string(),
  reason: z.enum(["proactive", "expired", "rejected"]),
});
export type RefreshJob = z.infer<typeof refreshJob>;

/** Reply to "unsaved": the server has the login now, and saves it when it can. */
export const takenOver = z.object({ kind: z.literal("taken-over") });

const code = z.custom<CodexErrorCode>((value) => typeof value === "string" && value in errorCodes);
const name = z.string();
const nextStep: z.ZodType<NextStep> = z.lazy(() =>
  z.discriminatedUnion("do", [
    z.object({ do: z.literal("sign-in"), method: z.enum(["browser", "device"]).exactOptional() }),
    z.object({ do: z.literal("use-method"), method: z.enum(["codex-cli", "api-key"]) }),
    z.object({ do: z.literal("choose-model"), which: z.enum(["named", "other", "larger"]).exactOptional() }),
    z.object({ do: z.literal("wait"), for: z.union([z.number(), z.literal("reset")]).exactOptional() }),
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
const serializedError = z.object({
  code,
  message: z.string(),
  why: z.string().optional(),
  next: z.array(nextStep).readonly().optional(),
  retryAfterMs: z.number().optional(),
  unsent: z.boolean().optional(),
});
type SerializedError = z.infer<typeof serializedError>;

/** The process's result. */
export const refreshReport = z.discriminatedUnion("kind", [
  /** The file has the login that counts. */
  z.object({ kind: z.literal("stored") }),
  /** Another process has the lock: nothing was sent. */
  z.object({ kind: z.literal("lock-lost") }),
  z.object({ kind: z.literal("failed"), error: serializedError }),
  /** Refreshed, but only in memory; with `failure`, the login can't be used yet all the same. */
  z.object({
    kind: z.literal("unsaved"),
    tokens: storedTokens,
    error: serializedError,
    failure: serializedError.optional(),
  }),
]);
export type RefreshReport = z.infer<typeof refreshReport>;

/** An error as a message; its cause stays behind, since it may hold anything. */
export function serializeError(error: CodexError): SerializedError {
  const { why, next, retryAfterMs, unsent } = error.details;
  return { code: error.code, message: error.message, why, next, retryAfterMs, unsent };
}

export function deserializeError({ code, message, ...details }: SerializedError): CodexError {
  return new CodexError(code, message, details);
}
