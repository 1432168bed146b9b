import { blockOf } from "./blocked.ts";
import { CodexError, type CodexErrorCode, type CodexErrorDetails } from "./errors.ts";
import {
  fieldFromWords,
  newerVersionWanted,
  quoteWords,
  retryAfterFromWords,
} from "./refusal-words.ts";

/** What is known of a refused request or a failed stream, freed from its form on the wire. */
export interface Refusal {
  /** HTTP status; for a failure inside a stream the one that it names, if any. */
  status: number | undefined;
  /** True for a failure inside a stream, whose own status was 200. */
  inStream: boolean;
  code: string | undefined;
  type: string | undefined;
  /** The service's own words; used for decisions and quoted only in a bounded, cleaned form. */
  message: string;
  /** The request field that the service names. */
  param: string | undefined;
  /** Epoch ms. */
  resetsAt: number | undefined;
  retryAfterMs: number | undefined;
  /** True when the body is a web page: something in front of the service answered. */
  html: boolean;
  /** True when the body is Cloudflare's own: a challenge, or its refusal. */
  challenge: boolean;
  /** True when the answer has Cloudflare's marks; the service's own answers have them, too. */
  cloudflare?: boolean;
  requestId: string | undefined;
}

const usageLimitCodes = new Set([
  "usage_limit_reached",
  "insufficient_quota",
  "credit_balance_exhausted",
  "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded",
  "organization_usage_limit_exceeded",
]);
const policyCodes = new Set([
  "cyber_policy",
  "bio_policy",
  "misalignment_policy_violation",
  "invalid_prompt",
  "content_filter",
]);
/** The names that a stream may have for what would be a 401 as an HTTP answer. */
const loginCodes = new Set([
  "token_expired",
  "invalid_token",
  "token_invalidated",
  "token_revoked",
]);
const rateCodes = new Set(["rate_limit_exceeded", "slow_down"]);

const modelPattern =
  /model not found|not supported when using codex|requires a newer version of codex|model .{0,80}(does not exist|not available)/i;
const planPattern = /\bplans?\b|workspace|entitle|subscription|upgrade|deactivated/i;
/** The names that a stream has for what would be a 400 as an HTTP answer. */
const badRequestCodes = new Set([
  "invalid_request_error",
  "invalid_request",
  "invalid_value",
  "unsupported_value",
  "unsupported_parameter",
]);

const reportNewerVersion =
  "Set CODEX_CLIENT_VERSION to a newer Codex version or update codex-oauth, or name another model " +
  "(codex_models).";

/** The service's refusal as our error (docs/wire.md §13). */
export function refusalError(refusal: Refusal): CodexError {
  const { code, message, details } = judge(refusal);
  return new CodexError(code, message, {
    requestId: refusal.requestId,
    ...details,
  });
}

interface Judgement {
  code: CodexErrorCode;
  message: string;
  details: CodexErrorDetails;
}

function judge(refusal: Refusal): Judgement {
  const { status } = refusal;
  const names = new Set([refusal.code, refusal.type].filter((name) => name !== undefined));
  const has = (codes: ReadonlySet<string>): boolean => [...names].some((name) => codes.has(name));
  const said = refusal.html ? undefined : quoteWords(refusal.message, refusal.param);
  const as = (
    code: CodexErrorCode,
    message: string,
    details: CodexErrorDetails = {},
  ): Judgement => ({
    code,
    message,
    details: { why: said, status, ...details },
  });

  const block = blockOf(refusal, "the service");
  if (block !== undefined) return as("BLOCKED", block.message, { next: block.next });
  if (has(usageLimitCodes)) {
    return as("USAGE_LIMIT", "The usage limit of this account has been reached.", {
      resetsAt: refusal.resetsAt,
    });
  }
  if (names.has("usage_not_included") || status === 402) {
    return as("PLAN_REQUIRED", "This account's plan or workspace does not include Codex.");
  }
  if (has(policyCodes)) return as("POLICY", "The service declined this for policy reasons.");
  if (names.has("context_length_exceeded") || status === 413) {
    return as("CONTEXT_TOO_LONG", "The prompt is too long for the model.");
  }
  if (names.has("server_is_overloaded") || names.has("flex_unavailable")) {
    return as("OVERLOADED", "The model is at capacity.", {
      retryable: true,
      retryAfterMs: refusal.retryAfterMs,
    });
  }
  if (has(rateCodes) || status === 429) return rateLimited(refusal, as);
  if (status !== undefined && status >= 300 && status < 400) {
    return as(
      "UPSTREAM",
      `The service answered with a redirect (HTTP ${status}), which is never followed.`,
      {
        why: "A redirect could carry the login to another host.",
      },
    );
  }
  if (status === 401 || (refusal.inStream && has(loginCodes))) {
    return as("AUTH_EXPIRED", "The service does not accept the login, not even after a refresh.");
  }
  const ofTheModel =
    names.has("model_not_found") ||
    ((status === 400 || status === 404) && modelPattern.test(refusal.message));
  if (ofTheModel) {
    return as("MODEL_UNAVAILABLE", "The service refuses this model for this account.", {
      next: newerVersionWanted.test(refusal.message) ? reportNewerVersion : undefined,
    });
  }
  if (status === 403) {
    return planPattern.test([...names, refusal.message].join(" "))
      ? as("PLAN_REQUIRED", "This account or workspace may not use Codex.")
      : as("UPSTREAM", "The service forbade the request (HTTP 403).");
  }
  if (status !== undefined && status >= 500) {
    return as("UPSTREAM", `The service failed (HTTP ${status}).`, {
      retryable: true,
      retryAfterMs: refusal.retryAfterMs,
    });
  }
  if (status === 400 || status === 422 || (status === undefined && has(badRequestCodes))) {
    const field = refusal.param ?? fieldFromWords(refusal.message);
    const next = field === undefined ? nextWithoutField(said) : undefined;
    return as("BAD_REQUEST", "The service refused the request.", { field, next });
  }
  if (status === undefined) {
    return as("UPSTREAM", "The service broke off with an error.", { retryable: true });
  }
  return as("UPSTREAM", `The service answered with HTTP ${status}.`);
}

/** A step for a refusal that names no field to correct. */
function nextWithoutField(said: string | undefined): string {
  return said === undefined
    ? "Repeat the call once; if it recurs, set CODEX_DEBUG=1, repeat it, and read the log."
    : "Change what the service said is wrong, then repeat the call.";
}

function rateLimited(
  refusal: Refusal,
  as: (code: CodexErrorCode, message: string, details?: CodexErrorDetails) => Judgement,
): Judgement {
  const retryAfterMs = refusal.retryAfterMs ?? retryAfterFromWords(refusal.message);
  // Without a time to wait, the official client does not repeat a 429 either.
  const retryable = retryAfterMs !== undefined || refusal.inStream || refusal.status !== 429;
  return as("RATE_LIMITED", "Too many requests in a short time.", { retryable, retryAfterMs });
}
