import { CodexError, type CodexErrorCode, type CodexErrorDetails } from "../shared/errors.ts";
import { act, either, retry, setVariable, type NextSteps } from "../shared/next-step.ts";
import { withoutSequences } from "../shared/text.ts";

/** The part of a response that shows whether the request reached the service. */
type ResponseMarks = Pick<ApiErrorInfo, "status" | "html" | "challenge" | "cloudflare" | "code" | "type">;

/**
 * Detects a page that something in front of the service sent, or the service's refusal of a country. `next` is set if
 * it differs from the next step of `BLOCKED`.
 *
 * @param service its name in the message, such as "the service"
 */
export function detectGatewayBlock(
  response: ResponseMarks,
  service: string,
): { message: string; next?: NextSteps } | undefined {
  if ([response.code, response.type].includes("unsupported_country_region_territory")) {
    return {
      message: "The service is not offered where the request comes from.",
      next: [act("Ask from a country where it is offered; a VPN or proxy may lead through another one")],
    };
  }
  if (isPortalPage(response)) {
    return {
      message: `A web page came in place of an answer of ${service}: this network may want a sign-in of its own (captive portal).`,
      next: [act("Open any web page in a browser and complete the network's sign-in, or check VPN and proxy"), retry],
    };
  }
  if (!isInterstitialPage(response)) return undefined;
  if (response.challenge || response.cloudflare === true) {
    return { message: `Cloudflare blocked the request before it reached ${service}.` };
  }
  return {
    message: `A web page came in place of an answer of ${service}: something on the way blocked the request, such as a company's proxy or Cloudflare.`,
  };
}

/** True for a network's sign-in page: a page as if it were the answer, or HTTP 511 (RFC 6585 §6). */
function isPortalPage({ status, html, challenge }: Pick<ResponseMarks, "status" | "html" | "challenge">): boolean {
  return html && !challenge && status !== undefined && ((status >= 200 && status < 300) || status === 511);
}

/** True if something in front of the service answered. Cloudflare's 502 and 504 pages mean that the service failed. */
export function isInterstitialPage(response: Pick<ResponseMarks, "status" | "html" | "challenge">): boolean {
  const { status, html, challenge } = response;
  return (challenge && status !== 502 && status !== 504) || (html && status === 403);
}

/** The message for clients whose version is below a model's minimum (docs/wire.md §11). */
export const newerVersionWanted = /requires a newer version of codex/i;

/** Errors that name a field only in their message (docs/wire.md §9). */
const namedFields: readonly [message: RegExp, field: string][] = [
  [/^store must be set to/i, "store"],
  [/^stream must be set to/i, "stream"],
  [/^system messages are not allowed/i, "input"],
  [/^instructions are (required|not valid)/i, "instructions"],
];

/** The request field that the service's message names, if any. */
function fieldFromText(message: string): string | undefined {
  const unsupported = /^unsupported parameter:\s*['"`]?(?<field>[\w.[\]-]{1,80})/i.exec(message);
  const field = unsupported?.groups?.["field"]?.replace(/\.$/, "");
  return field ?? namedFields.find(([pattern]) => pattern.test(message))?.[1];
}

/** "try again in 2.5 s" in ms: streams have the time only in the message (docs/wire.md §12). */
function retryAfterFromText(message: string): number | undefined {
  const match = /try again in\s*(?<amount>\d{1,6}(?:\.\d{1,6})?)\s*(?<unit>ms|s)/i.exec(message);
  const amount = match?.groups?.["amount"];
  if (amount === undefined) return undefined;
  const factor = match?.groups?.["unit"]?.toLowerCase() === "ms" ? 1 : 1000;
  return Math.ceil(Number(amount) * factor);
}

/** Quotes the service's message on one line, shortened and without control characters, with the field it concerns. */
function sanitizeMessage(message: string, field: string | undefined): string | undefined {
  const line = withoutSequences(message)
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

/** A refused request or a failed stream, independent of its form on the wire. */
export interface ApiErrorInfo {
  /** HTTP status; for a failed stream the one that the event names, if any. */
  status: number | undefined;
  /** The failure came inside a stream with HTTP status 200. */
  inStream: boolean;
  code: string | undefined;
  type: string | undefined;
  /** The service's unsanitized message. */
  message: string;
  /** The request field that the service names. */
  param: string | undefined;
  /** Epoch ms. */
  resetsAt: number | undefined;
  retryAfterMs: number | undefined;
  /** The body is a web page. */
  html: boolean;
  /** The body is Cloudflare's: a challenge or a block. */
  challenge: boolean;
  /** The headers name Cloudflare, as in the service's own responses. */
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
/** A stream's codes for what is an HTTP 401 otherwise. */
const loginCodes = new Set(["token_expired", "invalid_token", "token_invalidated", "token_revoked"]);
const rateCodes = new Set(["rate_limit_exceeded", "slow_down"]);

const modelPattern =
  /model not found|not supported when using codex|requires a newer version of codex|model .{0,80}(does not exist|not available)/i;
const planPattern = /\bplans?\b|workspace|entitle|subscription|upgrade|deactivated/i;
/** A stream's codes for what is an HTTP 400 otherwise. */
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

/** The service's error as a `CodexError`; the order of the checks matters (docs/wire.md §13). */
export function toApiError(info: ApiErrorInfo): CodexError {
  const { status, requestId } = info;
  const names = new Set([info.code, info.type].filter((name) => name !== undefined));
  const has = (codes: ReadonlySet<string>): boolean => [...names].some((name) => codes.has(name));
  const why = info.html ? undefined : sanitizeMessage(info.message, info.param);
  const as = (code: CodexErrorCode, message: string, details: CodexErrorDetails = {}): CodexError =>
    new CodexError(code, message, { requestId, why, status, ...details });

  const block = detectGatewayBlock(info, "the service");
  if (block !== undefined) return as("BLOCKED", block.message, { next: block.next });
  if (has(usageLimitCodes)) {
    return as("USAGE_LIMIT", "The usage limit of this account has been reached.", { resetsAt: info.resetsAt });
  }
  if (names.has("usage_not_included") || status === 402) {
    return as("PLAN_REQUIRED", "This account's plan or workspace does not include Codex.");
  }
  if (has(policyCodes)) return as("POLICY", "The service declined this for policy reasons.");
  if (names.has("context_length_exceeded") || status === 413) {
    return as("CONTEXT_TOO_LONG", "The prompt is too long for the model.");
  }
  const afterPause = { retryable: true, retryAfterMs: info.retryAfterMs };
  if (names.has("server_is_overloaded") || names.has("flex_unavailable")) {
    return as("OVERLOADED", "The model is at capacity.", afterPause);
  }
  if (has(rateCodes) || status === 429) {
    const retryAfterMs = info.retryAfterMs ?? retryAfterFromText(info.message);
    // Like the official client, retry a 429 only if the service names a time.
    const retryable = retryAfterMs !== undefined || info.inStream || status !== 429;
    return as("RATE_LIMITED", "Too many requests in a short time.", { retryable, retryAfterMs });
  }
  if (status !== undefined && status >= 300 && status < 400) {
    return as("UPSTREAM", `The service answered with a redirect (HTTP ${status}), which is never followed.`, {
      why: "A redirect could carry the login to another host.",
    });
  }
  if (status === 401 || (info.inStream && has(loginCodes))) {
    return as("AUTH_EXPIRED", "The service does not accept the login, not even after a refresh.");
  }
  if (names.has("model_not_found") || ((status === 400 || status === 404) && modelPattern.test(info.message))) {
    const next = newerVersionWanted.test(info.message) ? reportNewerVersion : undefined;
    return as("MODEL_UNAVAILABLE", "The service refuses this model for this account.", { next });
  }
  if (status === 403) {
    return planPattern.test([...names, info.message].join(" "))
      ? as("PLAN_REQUIRED", "This account or workspace may not use Codex.")
      : as("UPSTREAM", "The service forbade the request (HTTP 403).");
  }
  if (status !== undefined && status >= 500) return as("UPSTREAM", `The service failed (HTTP ${status}).`, afterPause);
  if (status === 400 || status === 422 || (status === undefined && has(badRequestCodes))) {
    const field = info.param ?? fieldFromText(info.message);
    const next = field === undefined ? nextWithoutField(why) : undefined;
    return as("BAD_REQUEST", "The service refused the request.", { field, next });
  }
  return status === undefined
    ? as("UPSTREAM", "The service broke off with an error.", { retryable: true })
    : as("UPSTREAM", `The service answered with HTTP ${status}.`);
}

/** The next steps if the error names no field to correct. */
function nextWithoutField(why: string | undefined): NextSteps {
  return why === undefined ? [retry, { do: "run-doctor" }] : [act("Change what the service said is wrong"), retry];
}
