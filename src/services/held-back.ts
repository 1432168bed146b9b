import { CodexError } from "../core/errors.ts";
import { isBlocked } from "../core/response-errors.ts";
import type { TextResponse } from "../infra/http.ts";
import { toRefusal } from "../wire/error-body.ts";

/** What kept a request from being judged by the authorization server: Cloudflare, or a limit. */
export function heldBack(
  { status, headers, text }: TextResponse,
  now: number,
): CodexError | undefined {
  const refusal = toRefusal(status, headers, text, now);
  if (isBlocked(refusal)) {
    return new CodexError(
      "BLOCKED",
      "Cloudflare blocked the request before it reached the authorization server.",
    );
  }
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
