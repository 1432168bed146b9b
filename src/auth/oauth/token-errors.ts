import { parseRetryAfter, toApiErrorInfo } from "../../api/error-body.ts";
import { detectGatewayBlock } from "../../api/api-error.ts";
import type { TextResponse } from "../../http/http.ts";
import { CodexError } from "../../shared/errors.ts";
import { parseJson } from "../../shared/json.ts";
import { oauthErrorCode, permanentRefreshErrors, type RefreshResponse } from "./oauth-messages.ts";

/** What kept a request from being judged by the authorization server: a page, a place, or a limit. */
export function gatewayError({ status, headers, text }: TextResponse, now: number): CodexError | undefined {
  const refusal = toApiErrorInfo(status, headers, text, now);
  const block = detectGatewayBlock(refusal, "the authorization server");
  if (block !== undefined) return new CodexError("BLOCKED", block.message, { next: block.next });
  if (status !== 429) return undefined;
  return new CodexError("RATE_LIMITED", "The authorization server asks to slow down.", {
    retryAfterMs: refusal.retryAfterMs,
  });
}

/** An answer that sends elsewhere: no secret follows. */
export function redirected(status: number): CodexError {
  return new CodexError(
    "UPSTREAM",
    `The authorization server answered with a redirect (HTTP ${status}), which is never followed.`,
  );
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** How a refresh ended: "unsent" has certainly not spent the token, "unknown" may have. */
export type RefreshOutcome =
  | { kind: "granted"; grant: RefreshResponse }
  | { kind: "refused"; code: string }
  | { kind: "unsent"; error: CodexError }
  | { kind: "unknown"; error: CodexError };

/** A refused refresh: for good, before the token can have been spent, or of unknown outcome. */
export function refreshRefusal(response: TextResponse, now: number): RefreshOutcome {
  const { status } = response;
  const code = oauthErrorCode(parseJson(response.text));
  if ((code !== undefined && permanentRefreshErrors.has(code)) || status === 401) {
    return { kind: "refused", code: code ?? "unauthorized" };
  }
  const error = tokenRefusal(response, "UPSTREAM", `The token endpoint failed (HTTP ${status}).`, now);
  // Redirects and client errors come before anything is issued; a server error may come after.
  return { kind: status >= 300 && status < 500 ? "unsent" : "unknown", error };
}

/** Any other answer than the one asked for, as our error; `code` where nothing tells more. */
export function tokenRefusal(
  response: TextResponse,
  code: "AUTH_DENIED" | "UPSTREAM",
  message: string,
  now: number,
): CodexError {
  const { status, headers } = response;
  if (isRedirect(status)) return redirected(status);
  const held = gatewayError(response, now);
  if (held !== undefined) return held;
  const retryAfterMs = parseRetryAfter(headers["retry-after"]?.toString(), now);
  const reason = oauthErrorCode(parseJson(response.text))
    ?.replace(/[^\w.-]/g, "")
    .slice(0, 60);
  const why = reason ? `Its reason is "${reason}" (HTTP ${status}).` : `It answered HTTP ${status}.`;
  return new CodexError(status >= 500 ? "UPSTREAM" : code, message, { why, retryAfterMs });
}
