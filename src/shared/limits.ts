const second = 1_000;
const minute = 60 * second;
const mebibyte = 1024 * 1024;

/** Every bound of the program in one place, so that a composition can shorten them together. */
export interface Limits {
  /** An access token that expires within this time is refreshed first. */
  refreshMarginMs: number;
  /** How long an expired token waits for another process that refreshes it. */
  refreshWaitMs: number;
  /** How long a read-modify-write of the login file waits for another one. */
  fileLockWaitMs: number;
  /** Time for one request to the token endpoint; nothing shortens it once it is sent. */
  tokenRequestTimeoutMs: number;
  /** How long the process of a refresh may live; then it ends, wherever it is. */
  refreshProcessMs: number;
  /** Time for all revocations of one sign-out together; it goes on without them. */
  revokeTimeoutMs: number;
  /** Rest after two refreshes of one token whose outcome stayed unknown. */
  refreshCooldownMs: number;
  /** How soon a login that could not be saved is written again. */
  saveRetryMs: number;
  /** How long a browser login stays open. */
  loginTimeoutMs: number;
  /** How long a device code waits to be entered. */
  deviceLoginTimeoutMs: number;
  /** Time for headers and body of a small API request (models, health). */
  apiRequestTimeoutMs: number;
  /** Time for the body of a refused question; its status says enough without one. */
  errorBodyTimeoutMs: number;
  /** How long a query waits for the first model list of an account. */
  firstCatalogWaitMs: number;
  /** How long a fetched model list counts as fresh. */
  catalogFreshMs: number;
  /** Time for one query in all. */
  queryTimeoutMs: number;
  /** The longest Retry-After that a query waits for by itself. */
  maxRetryAfterMs: number;
  /** Attempts after the first one, before any answer text. */
  maxRetries: number;
  retryBaseDelayMs: number;
  maxConcurrentQueries: number;
  /** Decoded characters of one stream event; an answer item travels as a single line. */
  maxEventChars: number;
  maxAnswerChars: number;
  /** What a slow reader of a stream leaves unread, before the connection is held back. */
  maxBacklogChars: number;
  /** Of a longer answer only the beginning is handed on: a host takes 500,000 with all around it. */
  maxInlineChars: number;
  /** Of an answer that failed, no more than this is handed on, for the same reason. */
  maxPartialChars: number;
  /** How long the file with the whole of a long answer is kept. */
  keptAnswerMs: number;
  /** How many such files are kept at most. */
  maxKeptAnswers: number;
  maxTokenResponseBytes: number;
  maxCatalogBytes: number;
  maxErrorBodyBytes: number;
  /** Of a prompt, of a system prompt, and of a conversation with its functions (as JSON). */
  maxPromptChars: number;
  /** One message on stdin: room for both prompts at their longest, however a host escapes them. */
  maxMessageBytes: number;
  progressMinIntervalMs: number;
  progressHeartbeatMs: number;
  /** How long the end of the process waits for a refresh between request and save. */
  shutdownGraceMs: number;
  /** How long a finished stream may go on before its connection is dropped instead of reused. */
  drainMs: number;
}

export const defaultLimits: Limits = {
  refreshMarginMs: 5 * minute,
  refreshWaitMs: 20 * second,
  fileLockWaitMs: 20 * second,
  tokenRequestTimeoutMs: 15 * second,
  refreshProcessMs: 20 * second,
  revokeTimeoutMs: 5 * second,
  refreshCooldownMs: 30 * second,
  saveRetryMs: 5 * second,
  loginTimeoutMs: 10 * minute,
  deviceLoginTimeoutMs: 15 * minute,
  apiRequestTimeoutMs: 15 * second,
  errorBodyTimeoutMs: 15 * second,
  firstCatalogWaitMs: 5 * second,
  catalogFreshMs: 60 * minute,
  queryTimeoutMs: 30 * minute,
  maxRetryAfterMs: minute,
  maxRetries: 2,
  retryBaseDelayMs: 500,
  maxConcurrentQueries: 32,
  maxEventChars: 8 * mebibyte,
  maxAnswerChars: 16 * mebibyte,
  maxBacklogChars: 64 * 1024,
  maxInlineChars: 450_000,
  maxPartialChars: 450_000,
  keptAnswerMs: 7 * 24 * 60 * minute,
  maxKeptAnswers: 20,
  maxTokenResponseBytes: 256 * 1024,
  maxCatalogBytes: 4 * mebibyte,
  maxErrorBodyBytes: 64 * 1024,
  maxPromptChars: 4 * mebibyte,
  maxMessageBytes: 64 * mebibyte,
  progressMinIntervalMs: 250,
  progressHeartbeatMs: 10 * second,
  shutdownGraceMs: 20 * second,
  drainMs: second,
};
