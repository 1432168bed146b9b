import { detectGatewayBlock } from "../../api/api-error.ts";
import { parseRetryAfter, toApiErrorInfo } from "../../api/error-body.ts";
import type { TextResponse } from "../../http/http.ts";
import { CodexError } from "../../shared/errors.ts";
import { parseJson } from "../../shared/json.ts";
import { oauthErrorCode, permanentRefreshErrors, type RefreshResponse } from "./oauth-messages.ts";

/** Error for a response that did not come from the OAuth server itself, or that is a rate limit. */
export function gatewayError({ status, headers, text }: TextResponse, now: number): CodexError | undefined {
  const info = toApiErrorInfo(status, headers, text, now);
  const block = detectGatewayBlock(info, "the authorization server");
  if (block !== undefined) return new CodexError("BLOCKED", block.message, { next: block.next });
  if (status !== 429) return undefined;
  const { retryAfterMs } = info;
  return new CodexError("RATE_LIMITED", "The authorization server asks to slow down.", { retryAfterMs });
}

/** Error for a redirect: no request with a secret follows one. */
export function redirected(status: number): CodexError {
  const message = `The authorization server answered with a redirect (HTTP ${status}), which is never followed.`;
  return new CodexError("UPSTREAM", message);
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** How a refresh ended: "unsent" certainly didn't use the token, "unknown" may have. */
export type RefreshOutcome =
  | { kind: "granted"; grant: RefreshResponse }
  | { kind: "refused"; code: string }
  | { kind: "unsent" | "unknown"; error: CodexError };

/** Outcome of a refresh that wasn't answered with 200. */
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

/** Error for an unexpected response; `code` and `message` apply if nothing more specific does. */
export function tokenRefusal(
  response: TextResponse,
  code: "AUTH_DENIED" | "UPSTREAM",
  message: string,
  now: number,
): CodexError {
  const { status, headers } = response;
  if (isRedirect(status)) return redirected(status);
  const blocked = gatewayError(response, now);
  if (blocked !== undefined) return blocked;
  const retryAfterMs = parseRetryAfter(headers["retry-after"]?.toString(), now);
  const reason = oauthErrorCode(parseJson(response.text));
  const why = reason ? `Its reason is "${reason}" (HTTP ${status}).` : `It answered HTTP ${status}.`;
  return new CodexError(status >= 500 ? "UPSTREAM" : code, message, { why, retryAfterMs });
}
