/** Error bodies as the real services write them (docs/wire.md). */

export interface ErrorFields {
  message?: string;
  type?: string;
  code?: string | null;
  param?: string | null;
}

/** The ChatGPT layer's shape. */
export function detailBody(detail: unknown): { detail: unknown } {
  return { detail };
}

/** The OpenAI layer's shape. */
export function errorBody(fields: ErrorFields): { error: Required<ErrorFields> } {
  return {
    error: {
      message: fields.message ?? "The simulator refuses this.",
      type: fields.type ?? "invalid_request_error",
      param: fields.param ?? null,
      code: fields.code ?? null,
    },
  };
}

/** RFC 6749 §5.2. */
export function oauthErrorBody(error: string, description?: string): { error: string; error_description?: string } {
  return description === undefined ? { error } : { error, error_description: description };
}

export function tokenExchangeErrorBody(message: string): object {
  return errorBody({ message, code: "token_exchange_user_error" });
}

const REFRESH_MESSAGES: Record<string, string> = {
  refresh_token_reused:
    "Your refresh token has already been used to generate a new access token. Please try signing in again.",
  refresh_token_expired: "Your refresh token has expired. Please try signing in again.",
  refresh_token_invalidated: "Your refresh token has been revoked. Please try signing in again.",
};

export type RefreshErrorCode = "refresh_token_reused" | "refresh_token_expired" | "refresh_token_invalidated";

/** Sent with 401. */
export function refreshErrorBody(code: RefreshErrorCode): object {
  return errorBody({ message: REFRESH_MESSAGES[code] ?? code, code });
}

const ACCESS_MESSAGES: Record<string, string> = {
  token_expired: "Provided authentication token is expired. Please try signing in again.",
  token_invalidated: "Your authentication token has been invalidated. Please try signing in again.",
  token_revoked: "Encountered invalidated oauth token for user, failing request",
};

export type AccessErrorCode = "token_expired" | "token_invalidated" | "token_revoked";

/** Sent with 401. */
export function accessErrorBody(code: AccessErrorCode): object {
  return { ...errorBody({ message: ACCESS_MESSAGES[code] ?? code, code }), status: 401 };
}

export function modelNotSupportedBody(model: string): { detail: unknown } {
  return detailBody(`The '${model}' model is not supported when using Codex with a ChatGPT account.`);
}

export function newerVersionBody(model: string): { detail: unknown } {
  return detailBody(
    `The '${model}' model requires a newer version of Codex. ` +
      "Please upgrade to the latest app or CLI and try again.",
  );
}

export function modelNotFoundBody(model: string): object {
  return { error: { message: `Model not found ${model}`, type: "invalid_request_error" } };
}

export interface UsageLimitFields {
  plan?: string;
  /** Unix seconds. */
  resetsAt?: number;
  resetsInSeconds?: number;
  message?: string;
}

/** Sent with 429. It has no `code`: the kind stands in `type`, and times are seconds. */
export function usageLimitBody(fields: UsageLimitFields = {}): object {
  return {
    error: {
      type: "usage_limit_reached",
      message: fields.message ?? "The usage limit has been reached",
      plan_type: fields.plan ?? "plus",
      resets_at: fields.resetsAt ?? 1_795_203_728,
      eligible_promo: null,
      resets_in_seconds: fields.resetsInSeconds ?? 13_872,
    },
  };
}

/** Sent with 429. */
export function usageNotIncludedBody(): object {
  return {
    error: { type: "usage_not_included", message: "Codex is not included in your plan." },
  };
}

/** Sent with 429. */
export function quotaBody(code = "insufficient_quota"): object {
  return {
    error: {
      type: "insufficient_quota",
      code,
      message: "You exceeded your current quota, please check your plan and billing details.",
      param: null,
    },
  };
}

/** Sent with 429. */
export function rateLimitBody(message = "Rate limit reached. Please try again in 2.5s."): object {
  return errorBody({ message, type: "requests", code: "rate_limit_exceeded" });
}

/** Sent with 503. */
export function overloadedBody(): object {
  return errorBody({
    message: "Our servers are currently overloaded. Please try again later.",
    type: "service_unavailable_error",
    code: "server_is_overloaded",
  });
}

/** Sent with 503; a rate limit in spite of its status. */
export function slowDownBody(): object {
  return errorBody({ message: "Please slow down.", type: "rate_limit_error", code: "slow_down" });
}

/** Sent with 500. */
export function serverErrorBody(): object {
  return errorBody({
    message: "The server had an error while processing your request.",
    type: "server_error",
    code: "server_error",
  });
}

/** Sent with 400. */
export function policyBody(code = "cyber_policy"): object {
  return errorBody({ message: "This request was flagged by our usage policies.", code });
}

/** Sent with 400. */
export function contextTooLongBody(): object {
  return errorBody({
    message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
    param: "input",
    code: "context_length_exceeded",
  });
}

/** Sent with 402. */
export function deactivatedWorkspaceBody(): { detail: unknown } {
  return detailBody({ code: "deactivated_workspace" });
}

/** Sent with 403 while nobody has typed the device's code in. */
export function devicePendingBody(): object {
  return errorBody({
    message: "Device authorization is unknown. Please try again.",
    code: "deviceauth_authorization_unknown",
  });
}
