import { CodexError } from "../../shared/errors.ts";
import { act, retry, type NextSteps } from "../../shared/next-step.ts";

/** Another process has the lock, or a request with this very token in flight. */
export function refreshingElsewhere(pid?: number): CodexError {
  const who = pid === undefined ? "Another program" : `Another window (process ${pid})`;
  return new CodexError("TIMEOUT", `${who} is refreshing the login and has not finished.`, {
    next: staleLockAdvice(pid),
  });
}

/** Next steps for a lock that is never released. */
export function staleLockAdvice(pid: number | undefined): NextSteps {
  return pid === undefined
    ? [retry, act("Wait ten minutes, after which a lock that was left behind is taken over")]
    : [retry, act("End that process if it hangs")];
}

/** @param code the authorization server's error code; undefined if an earlier refresh was refused */
export function refreshTokenRevoked(code?: string): CodexError {
  const reason = code === undefined ? "before" : `(${code.replace(/[^\w.-]/g, "").slice(0, 60)})`;
  return new CodexError("AUTH_EXPIRED", "ChatGPT no longer accepts the stored login.", {
    why: `Its refresh token was refused ${reason}.`,
  });
}

export function signedOutMeanwhile(): CodexError {
  return new CodexError("AUTH_REQUIRED", "This machine was signed out meanwhile.");
}

export function accountMismatch(): CodexError {
  return new CodexError("AUTH_EXPIRED", "The refresh answered for another account and was not taken.");
}

export function lockRemoved(): CodexError {
  return new CodexError("STORAGE", "The refresh lock was removed while it was held.", { next: [retry] });
}

export function missingAccessToken(): CodexError {
  return new CodexError("PROTOCOL", "The refresh answered without an access token.", { next: [retry] });
}

export function refreshInterrupted(): CodexError {
  const message = "The refresh of the login broke off before its end was known.";
  return new CodexError("UPSTREAM", message, { next: [retry] });
}

/** @param damagedPath the new path of a damaged auth file, if it was moved */
export function notSignedIn(damagedPath: string | undefined): CodexError {
  if (damagedPath === undefined) return new CodexError("AUTH_REQUIRED", "Nobody is signed in to ChatGPT here.");
  return new CodexError("AUTH_REQUIRED", "Nobody is signed in to ChatGPT here: the login file was damaged.", {
    why: `It was set aside as ${damagedPath}.`,
  });
}
