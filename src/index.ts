/** What the package exports to programs: docs/library.md. */
export { createCodex, describeNext, type CodexOptions } from "./app/library.ts";
export type {
  Codex,
  Models,
  SignIn,
  SignInOptions,
  SignOutOptions,
  SignOutResult,
} from "./app/codex.ts";
export type { QueryOptions } from "./query/client.ts";
export type { BrowserLogin, DeviceLogin, PendingLogin } from "./auth/sign-in/login-run.ts";
export type { CredentialChoice } from "./auth/chooser.ts";
export type { CredentialStore, StoredCredentials } from "./auth/session/program-store.ts";
export type { CodexModel } from "./models/model.ts";
export type { Status } from "./status/status-report.ts";
export type { DoctorReport, Finding } from "./status/finding.ts";
export {
  CodexError,
  errorCodes,
  type CodexErrorCode,
  type CodexErrorDetails,
} from "./shared/errors.ts";
export type { NextStep, NextSteps } from "./shared/next-step.ts";
export type * from "./query/request/conversation.ts";
export type { EventStream, StreamEvent } from "./query/response/stream-event.ts";
export type { QueryProgress, QueryReply } from "./query/response/reply.ts";
export type { QueryRequest } from "./query/request/request.ts";
export type { Usage } from "./query/response/response-event.ts";
export type { Source } from "./query/response/sources.ts";
export type { Quota, QuotaWindow } from "./quota/quota.ts";
export type { ReasoningEffort, Verbosity } from "./models/effort.ts";
export type { TokenSet } from "./auth/oauth/token-set.ts";
export { version } from "./shared/version.ts";
