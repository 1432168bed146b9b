import { CodexError } from "../core/errors.ts";
import type { TextResponse } from "../infra/http.ts";
import { parseRetryAfter } from "../wire/error-body.ts";
import { parseJson } from "../wire/json.ts";
import { oauthErrorCode, permanentRefreshErrors, type RefreshResponse } from "../wire/oauth.ts";

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
  const error = tokenRefusal(
    response,
    "UPSTREAM",
    `The token endpoint failed (HTTP ${status}).`,
    now,
  );
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
  if (status >= 300 && status < 400) {
    return new CodexError(
      "UPSTREAM",
      `The authorization server answered with a redirect (HTTP ${status}), which is never followed.`,
    );
  }
  const html = String(headers["content-type"] ?? "").includes("text/html");
  if (html && status === 403) {
    return new CodexError(
      "BLOCKED",
      "Cloudflare blocked the request before it reached the authorization server.",
    );
  }
  const retryAfterMs = parseRetryAfter(headers["retry-after"]?.toString(), now);
  if (status === 429)
    return new CodexError("RATE_LIMITED", "The authorization server asks to slow down.", {
      retryAfterMs,
    });
  const reason = oauthErrorCode(parseJson(response.text))
    ?.replace(/[^\w.-]/g, "")
    .slice(0, 60);
  const why = reason
    ? `Its reason is "${reason}" (HTTP ${status}).`
    : `It answered HTTP ${status}.`;
  return new CodexError(status >= 500 ? "UPSTREAM" : code, message, { why, retryAfterMs });
}
