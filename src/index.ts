/** What the package exports to programs: docs/library.md. */
export { createCodex, type Codex, type CodexOptions } from "./library.ts";
export { CodexClient, type QueryOptions } from "./services/codex-client.ts";
export { OAuthFlow } from "./services/oauth-flow.ts";
export type { BrowserLogin, DeviceLogin, PendingLogin } from "./services/pending-login.ts";
export { TokenManager, type LoginState } from "./services/token-manager.ts";
export {
  CodexError,
  errorCodes,
  type CodexErrorCode,
  type CodexErrorDetails,
} from "./core/errors.ts";
export type * from "./core/conversation.ts";
export type { EventStream, StreamEvent } from "./core/query-events.ts";
export type { QueryProgress, QueryReply, QueryRequest } from "./core/query.ts";
export type { Usage } from "./core/response-events.ts";
export type { Source } from "./core/sources.ts";
export type { Quota, QuotaWindow } from "./core/quota.ts";
export type { ReasoningEffort, Verbosity } from "./core/effort.ts";
export type { TokenSet } from "./core/tokens.ts";
export { version } from "./version.ts";
