import { CodexError } from "../core/errors.ts";

/** Another process has the lock, or a request with this very token on its way. */
export function refreshingElsewhere(pid?: number): CodexError {
  const who = pid === undefined ? "Another program" : `Another window (process ${pid})`;
  return new CodexError("TIMEOUT", `${who} is refreshing the login and has not finished.`, {
    next: "Repeat the call; end that process if it hangs.",
  });
}

/** @param code why, in the authorization server's word; absent when it was refused earlier */
export function loginLost(code?: string): CodexError {
  const reason = code === undefined ? "before" : `(${code.replace(/[^\w.-]/g, "").slice(0, 60)})`;
  return new CodexError("AUTH_EXPIRED", "ChatGPT no longer accepts the stored login.", {
    why: `Its refresh token was refused ${reason}.`,
  });
}

export function signedOutMeanwhile(): CodexError {
  return new CodexError("AUTH_REQUIRED", "This machine was signed out meanwhile.");
}

export function otherAccount(): CodexError {
  return new CodexError(
    "AUTH_EXPIRED",
    "The refresh answered for another account and was not taken.",
  );
}

export function lockRemoved(): CodexError {
  return new CodexError("STORAGE", "The refresh lock was removed while it was held.", {
    next: "Repeat the call.",
  });
}

export function withoutAccessToken(): CodexError {
  return new CodexError("PROTOCOL", "The refresh answered without an access token.", {
    next: "Repeat the call.",
  });
}

export function refreshBroke(): CodexError {
  return new CodexError(
    "UPSTREAM",
    "The refresh of the login broke off before its end was known.",
    {
      next: "Repeat the call.",
    },
  );
}
