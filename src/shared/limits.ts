import { minute } from "./time.ts";

const second = 1_000;
const mebibyte = 1024 * 1024;

/** All bounds of the program in one place, so that tests and the refresh process can shorten them together. */
export const defaultLimits = {
  /** A token is refreshed this long before it expires. */
  refreshMarginMs: 5 * minute,
  /** How long a call with an expired token waits for another process's refresh. */
  refreshWaitMs: 20 * second,
  /** How long a live process of this host may keep its claim on a refresh. */
  refreshOwnerMs: 10 * minute,
  /** How long a claim must be unchanged, as this process sees it, if its owner's life can't be known. */
  unknownOwnerMs: minute,
  /** How long a read-modify-write of the login file waits for the lock. */
  fileLockWaitMs: 20 * second,
  /** Timeout of a token endpoint request; nothing shortens it once the request is sent. */
  tokenRequestTimeoutMs: 15 * second,
  /** How long a refreshed login is tried to be saved. Less than `refreshOwnerMs`: the claim lasts longer. */
  refreshSaveMs: 9 * minute,
  /** Time for all revocations of a sign-out together; the sign-out then continues without them. */
  revokeTimeoutMs: 5 * second,
  /** Pause after two refreshes of one token with unknown outcome. */
  refreshRestMs: 30 * second,
  /** Pause before a login that could not be saved is written again; it grows. */
  saveRetryMs: 500,
  /** Lifetime of a pending browser sign-in. */
  loginTimeoutMs: 10 * minute,
  /** Lifetime of a pending device sign-in. */
  deviceLoginTimeoutMs: 15 * minute,
  /** Timeout of a small API request (models, health), head and body. */
  apiRequestTimeoutMs: 15 * second,
  /** Timeout for the body of a refused query; its status alone says enough. */
  errorBodyTimeoutMs: 15 * second,
  /** How long a query waits for an account's first model list. */
  firstCatalogWaitMs: 5 * second,
  /** How long a fetched model list counts as fresh. */
  catalogFreshMs: 60 * minute,
  /** Total time of one query. */
  queryTimeoutMs: 30 * minute,
  /** The longest Retry-After that a query waits out by itself. */
  maxRetryAfterMs: minute,
  /** Attempts after the first one, before any answer text. */
  maxRetries: 2,
  retryBaseDelayMs: 500,
  maxConcurrentQueries: 32,
  /** Decoded characters of one stream event; an output item arrives in a single line. */
  maxEventChars: 8 * mebibyte,
  maxAnswerChars: 16 * mebibyte,
  /** Unread characters of a stream before its connection is paused (backpressure). */
  maxBacklogChars: 64 * 1024,
  /** A longer answer is cut off in the result: clients accept 500,000 characters in all. */
  maxInlineChars: 450_000,
  /** The same limit for the partial answer of a failed query. */
  maxPartialChars: 450_000,
  /** How long the file with a complete long answer is kept. */
  keptAnswerMs: 7 * 24 * 60 * minute,
  /** Maximum number of such files. */
  maxKeptAnswers: 20,
  maxTokenResponseBytes: 256 * 1024,
  maxCatalogBytes: 4 * mebibyte,
  maxErrorBodyBytes: 64 * 1024,
  /** Of a prompt, of a system prompt, and of a conversation with its functions (as JSON). */
  maxPromptChars: 4 * mebibyte,
  /** One message on stdin: room for both prompts at full length, however a client escapes them. */
  maxMessageBytes: 64 * mebibyte,
  progressMinIntervalMs: 250,
  progressHeartbeatMs: 10 * second,
  /** How long the exit waits for a refresh between its request and its save. */
  shutdownGraceMs: 20 * second,
  /** How long a finished stream may continue before its connection is closed instead of reused. */
  drainMs: second,
};

export type Limits = Readonly<typeof defaultLimits>;
