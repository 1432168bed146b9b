import { blockOf } from "../core/blocked.ts";
import { CodexError } from "../core/errors.ts";
import type { TextResponse } from "../infra/http.ts";
import { toRefusal } from "../wire/error-body.ts";

/** What kept a request from being judged by the authorization server: a page, a place, or a limit. */
export function heldBack(
  { status, headers, text }: TextResponse,
  now: number,
): CodexError | undefined {
  const refusal = toRefusal(status, headers, text, now);
  const block = blockOf(refusal, "the authorization server");
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
