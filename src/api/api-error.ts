import { CodexError, type CodexErrorCode, type CodexErrorDetails } from "../shared/errors.ts";
import { act, either, retry, setVariable, type NextSteps } from "../shared/next-step.ts";

/** What tells whether a request has reached the service at all. */
type Answer = Pick<ApiErrorInfo, "status" | "html" | "challenge" | "cloudflare" | "code" | "type">;

/** Why a request is not served on its way here. */
export interface Block {
  message: string;
  /** The next step, where it is another one than that of BLOCKED. */
  next?: NextSteps;
}

/**
 * What stands between us and the service, if anything does: a page in its place, or its own word that
 * it is not offered there.
 *
 * @param service for the message: "the service"
 */
export function detectGatewayBlock(answer: Answer, service: string): Block | undefined {
  if ([answer.code, answer.type].includes("unsupported_country_region_territory")) {
    return {
      message: "The service is not offered where the request comes from.",
      next: [act("Ask from a country where it is offered; a VPN or proxy may lead through another one")],
    };
  }
  if (!isInterstitialPage(answer)) return undefined;
  if (answer.challenge || answer.cloudflare === true) {
    return { message: `Cloudflare blocked the request before it reached ${service}.` };
  }
  return {
    message: `A web page came in place of an answer of ${service}: something on the way blocked the request, such as a company's proxy or Cloudflare.`,
  };
}

/** Something answers in the service's place; Cloudflare's own 502 and 504 pages say that the service failed. */
export function isInterstitialPage({
  status,
  html,
  challenge,
}: Pick<Answer, "status" | "html" | "challenge">): boolean {
  return (challenge && status !== 502 && status !== 504) || (html && status === 403);
}

/** Said to clients whose version is below a model's minimum (docs/wire.md §11). */
export const newerVersionWanted = /requires a newer version of codex/i;

/** Refusals that name a field in words alone (docs/wire.md §9). */
const namedFields: readonly [words: RegExp, field: string][] = [
  [/^store must be set to/i, "store"],
  [/^stream must be set to/i, "stream"],
  [/^system messages are not allowed/i, "input"],
  [/^instructions are (required|not valid)/i, "instructions"],
];

/** The request field that the service's words blame; undefined when they name none. */
function fieldFromWords(message: string): string | undefined {
  const unsupported = /^unsupported parameter:\s*['"`]?(?<field>[\w.[\]-]{1,80})/i.exec(message);
  const field = unsupported?.groups?.["field"]?.replace(/\.$/, "");
  return field ?? namedFields.find(([words]) => words.test(message))?.[1];
}

/** "try again in 2.5 s" as milliseconds: streams carry the time only in words (docs/wire.md §12). */
function retryAfterFromWords(message: string): number | undefined {
  const match = /try again in\s*(?<amount>\d{1,6}(?:\.\d{1,6})?)\s*(?<unit>ms|s)/i.exec(message);
  const amount = match?.groups?.["amount"];
  if (amount === undefined) return undefined;
  const factor = match?.groups?.["unit"]?.toLowerCase() === "ms" ? 1 : 1000;
  return Math.ceil(Number(amount) * factor);
}

/**
 * The service's words as a sentence of ours: short, on one line, without control characters, with
 * the field that they are about. Undefined when there is nothing to tell.
 */
function sanitizeMessage(message: string, field: string | undefined): string | undefined {
  const line = message
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 300)
    .toWellFormed();
  const named = field !== undefined && /^[\w.[\]-]{1,80}$/.test(field) ? field : undefined;
  if (line === "") return named && `The service names the field ${named}.`;
  const beside = named === undefined || line.includes(named) ? "" : ` (field: ${named})`;
  return `The service said: ${line}${beside}`;
}

/** What is known of a refused request or a failed stream, freed from its form on the wire. */
export interface ApiErrorInfo {
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
const loginCodes = new Set(["token_expired", "invalid_token", "token_invalidated", "token_revoked"]);
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

const reportNewerVersion: NextSteps = [
  either(setVariable("CODEX_CLIENT_VERSION", "a newer Codex version"), act("Update codex-oauth"), {
    do: "choose-model",
    which: "other",
  }),
];

/** The service's refusal as our error (docs/wire.md §13). */
export function toApiError(refusal: ApiErrorInfo): CodexError {
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

function judge(refusal: ApiErrorInfo): Judgement {
  const { status } = refusal;
  const names = new Set([refusal.code, refusal.type].filter((name) => name !== undefined));
  const has = (codes: ReadonlySet<string>): boolean => [...names].some((name) => codes.has(name));
  const said = refusal.html ? undefined : sanitizeMessage(refusal.message, refusal.param);
  const as = (code: CodexErrorCode, message: string, details: CodexErrorDetails = {}): Judgement => ({
    code,
    message,
    details: { why: said, status, ...details },
  });

  const block = detectGatewayBlock(refusal, "the service");
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
    return as("UPSTREAM", `The service answered with a redirect (HTTP ${status}), which is never followed.`, {
      why: "A redirect could carry the login to another host.",
    });
  }
  if (status === 401 || (refusal.inStream && has(loginCodes))) {
    return as("AUTH_EXPIRED", "The service does not accept the login, not even after a refresh.");
  }
  const ofTheModel =
    names.has("model_not_found") || ((status === 400 || status === 404) && modelPattern.test(refusal.message));
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
function nextWithoutField(said: string | undefined): NextSteps {
  return said === undefined ? [retry, { do: "run-doctor" }] : [act("Change what the service said is wrong"), retry];
}

function rateLimited(
  refusal: ApiErrorInfo,
  as: (code: CodexErrorCode, message: string, details?: CodexErrorDetails) => Judgement,
): Judgement {
  const retryAfterMs = refusal.retryAfterMs ?? retryAfterFromWords(refusal.message);
  // Without a time to wait, the official client does not repeat a 429 either.
  const retryable = retryAfterMs !== undefined || refusal.inStream || refusal.status !== 429;
  return as("RATE_LIMITED", "Too many requests in a short time.", { retryable, retryAfterMs });
}
