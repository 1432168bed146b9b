import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";

/** Another process uses this very refresh token. */
export function refreshingElsewhere(pid?: number): CodexError {
  const who = pid === undefined ? "Another program" : `Process ${pid}`;
  return new CodexError("TIMEOUT", `${who} is refreshing the login and has not finished.`, {
    next: [
      retry,
      pid === undefined
        ? act("Wait a minute: then its refresh counts as given up")
        : act("End that process if it hangs"),
    ],
  });
}

/** @param code the authorization server's error code; undefined if the token was used before */
export function refreshTokenRevoked(code?: string): CodexError {
  const why =
    code === undefined
      ? "Its refresh token was used before, and the login that came of it is not in the file."
      : `Its refresh token was refused (${code.replace(/[^\w.-]/g, "").slice(0, 60)}).`;
  return new CodexError("AUTH_EXPIRED", "ChatGPT no longer accepts the stored login.", { why });
}

export function signedOutMeanwhile(): CodexError {
  return new CodexError("AUTH_REQUIRED", "This machine was signed out meanwhile.");
}

export function accountMismatch(): CodexError {
  return new CodexError("AUTH_EXPIRED", "The refresh answered for another account and was not taken.");
}

export function refreshOvertaken(): CodexError {
  const message = "The refresh was not sent: another process has claimed it, or this one was suspended.";
  return new CodexError("TIMEOUT", message, { next: [retry], unsent: true });
}

export function missingAccessToken(): CodexError {
  return new CodexError("PROTOCOL", "The refresh answered without an access token.", { next: [retry] });
}
