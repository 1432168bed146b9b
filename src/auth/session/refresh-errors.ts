import { CodexError } from "../../shared/errors.ts";
import { act, retry, type NextSteps } from "../../shared/next-step.ts";

/** Another process has the lock, or a request with this very token on its way. */
export function refreshingElsewhere(pid?: number): CodexError {
  const who = pid === undefined ? "Another program" : `Another window (process ${pid})`;
  return new CodexError("TIMEOUT", `${who} is refreshing the login and has not finished.`, {
    next: staleLockAdvice(pid),
  });
}

/** What to do about a lock that does not come free. */
export function staleLockAdvice(pid: number | undefined): NextSteps {
  return pid === undefined
    ? [retry, act("Wait ten minutes, after which a lock that was left behind is taken over")]
    : [retry, act("End that process if it hangs")];
}

/** @param code why, in the authorization server's word; absent when it was refused earlier */
export function refreshTokenRevoked(code?: string): CodexError {
  const reason = code === undefined ? "before" : `(${code.replace(/[^\w.-]/g, "").slice(0, 60)})`;
  return new CodexError("AUTH_EXPIRED", "ChatGPT no longer accepts the stored login.", {
    why: `Its refresh token was refused ${reason}.`,
  });
}

export function signedOutMeanwhile(): CodexError {
  return new CodexError("AUTH_REQUIRED", "This machine was signed out meanwhile.");
}

export function otherAccount(): CodexError {
  return new CodexError("AUTH_EXPIRED", "The refresh answered for another account and was not taken.");
}

export function lockRemoved(): CodexError {
  return new CodexError("STORAGE", "The refresh lock was removed while it was held.", {
    next: [retry],
  });
}

export function withoutAccessToken(): CodexError {
  return new CodexError("PROTOCOL", "The refresh answered without an access token.", {
    next: [retry],
  });
}

export function refreshBroke(): CodexError {
  return new CodexError("UPSTREAM", "The refresh of the login broke off before its end was known.", {
    next: [retry],
  });
}

/** @param setAside where a damaged login file was put, if it was */
export function notSignedIn(setAside: string | undefined): CodexError {
  if (setAside === undefined) return new CodexError("AUTH_REQUIRED", "Nobody is signed in to ChatGPT here.");
  return new CodexError("AUTH_REQUIRED", "Nobody is signed in to ChatGPT here: the login file was damaged.", {
    why: `It was set aside as ${setAside}.`,
  });
}
