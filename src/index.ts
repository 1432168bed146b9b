/** What the package exports to programs: docs/library.md. */
export { createCodex, type Codex, type CodexOptions } from "./app/library.ts";
export { CodexClient, type QueryOptions } from "./query/client.ts";
export { OAuthFlow } from "./auth/sign-in/browser-flow.ts";
export type { BrowserLogin, DeviceLogin, PendingLogin } from "./auth/sign-in/login-run.ts";
export type { CredentialStore, StoredCredentials } from "./auth/session/program-store.ts";
export { TokenManager, type LoginState } from "./auth/session/token-manager.ts";
export {
  CodexError,
  errorCodes,
  type CodexErrorCode,
  type CodexErrorDetails,
} from "./shared/errors.ts";
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
