/**
 * Every way a call can fail, with what it means and what a person does about it.
 *
 * The set is closed: programs decide by code, never by text. DEPLOYMENT.md's table is generated
 * from this object.
 */
export const errorCodes = {
  AUTH_REQUIRED: {
    meaning: "Nobody is signed in here, or the login belongs to another origin.",
    next: "Call codex_login, then repeat the call.",
  },
  AUTH_EXPIRED: {
    meaning: "The stored login is no longer accepted and cannot be refreshed.",
    next: "Call codex_login to sign in again.",
  },
  AUTH_DENIED: {
    meaning: "The sign-in was refused, in the browser or by the authorization server.",
    next: "Call codex_login again and approve the request with an account that may use Codex.",
  },
  LOGIN_PORT_BUSY: {
    meaning: "Other programs hold every port that the browser may return to.",
    next: 'Call codex_login with method "device", or close the program that listens there (often another login) and try again.',
  },
  LOGIN_TIMEOUT: {
    meaning: "Nobody finished the sign-in in time.",
    next: "Call codex_login again and open the new link within ten minutes.",
  },
  USAGE_LIMIT: {
    meaning: "The quota of the plan, or its credits, are used up.",
    next: "Wait until the limit resets; codex_status shows the windows that are known.",
  },
  RATE_LIMITED: {
    meaning: "Too many requests in a short time; the quota itself is not used up.",
    next: "Wait a minute or two, then repeat the call.",
  },
  PLAN_REQUIRED: {
    meaning: "The plan or the workspace of this account does not include Codex.",
    next: "Sign in with another account (codex_login), or ask the workspace's administrator.",
  },
  MODEL_UNAVAILABLE: {
    meaning: "This account cannot use the model that was asked for.",
    next: "Call codex_models and repeat the call with a listed model, or without one.",
  },
  OVERLOADED: {
    meaning: "The service has no capacity for the model at the moment.",
    next: "Repeat the call in a minute, or name another model.",
  },
  POLICY: {
    meaning: "The service declined the prompt or the answer for policy reasons.",
    next: "Rephrase the question; repeating it unchanged will not help.",
  },
  CONTEXT_TOO_LONG: {
    meaning: "The prompt does not fit into the model's context window.",
    next: "Send less context, or name a model with a larger window (codex_models).",
  },
  BAD_REQUEST: {
    meaning: "An argument is wrong, or the service refused the request as malformed.",
    next: "Correct the field that the message names, then repeat the call.",
  },
  BLOCKED: {
    meaning:
      "Something on the way answered in place of the service, such as Cloudflare or a company's proxy, or the service is not offered there. The login itself is not affected.",
    next: "Check VPN, proxy or region, wait a few minutes, then repeat the call.",
  },
  NETWORK: {
    meaning: "The service could not be reached, or the connection broke.",
    next: "Check the connection and the proxy settings, then repeat the call.",
  },
  TIMEOUT: {
    meaning: "Something took longer than its limit.",
    next: "Repeat the call, with a smaller question or a lower reasoning_effort if it recurs.",
  },
  CANCELLED: {
    meaning: "The caller cancelled the call.",
    next: "Nothing; repeat the call if it is still wanted.",
  },
  INCOMPLETE: {
    meaning: "The answer broke off. What had arrived is shown and marked as partial.",
    next: "Repeat the call; do not treat the partial text as the whole answer.",
  },
  EMPTY_RESPONSE: {
    meaning: "The service completed the response without any text.",
    next: "Repeat the call, or rephrase the question.",
  },
  UPSTREAM: {
    meaning: "The service failed, or answered in a way that must not be followed (a redirect).",
    next: "Repeat the call in a minute; if it recurs, set CODEX_DEBUG=1 and read the log.",
  },
  PROTOCOL: {
    meaning: "The service sent something that does not have the known form.",
    next: "Look for a newer version of codex-oauth; CODEX_DEBUG=1 logs what was seen.",
  },
  STORAGE: {
    meaning: "The login file cannot be used or written as it is.",
    next: "Correct the file or folder that the message names, then repeat the call.",
  },
  CONFIG: {
    meaning: "A setting has a value that cannot be used.",
    next: "Correct or unset the environment variable that the message names, then restart.",
  },
  INTERNAL: {
    meaning: "A defect of codex-oauth itself.",
    next: "Set CODEX_DEBUG=1, repeat the call, and report what the log says.",
  },
} as const satisfies Record<string, { meaning: string; next: string }>;

export type CodexErrorCode = keyof typeof errorCodes;

/** Facts beside the text that callers and the renderer may use. */
export interface CodexErrorDetails {
  /** Why it happened, where that is known: one sentence. */
  why?: string | undefined;
  /** The next step; the code's own one when absent. */
  next?: string | undefined;
  /** How long the service asked to wait. */
  retryAfterMs?: number | undefined;
  /** When the exhausted quota window starts anew, epoch ms. */
  resetsAt?: number | undefined;
  /** Answer text that had arrived before the failure, perhaps only its beginning. */
  partialText?: string | undefined;
  /** Length of all that had arrived, where `partialText` is only its beginning. */
  partialTotalChars?: number | undefined;
  /** The service's id for the request, for reports. */
  requestId?: string | undefined;
  /** True when sending the same request again can help; false once something of an answer has come. */
  retryable?: boolean | undefined;
  /** HTTP status of the refusal. */
  status?: number | undefined;
  /** The field of the request that the service names as wrong. */
  field?: string | undefined;
  /** True when the request cannot have reached the other side. */
  unsent?: boolean | undefined;
  cause?: unknown;
}

/**
 * The one error that leaves a service. `message` says what happened, in one sentence, and never
 * holds a token, a stack or a foreign body; those belong to `cause`, which no output prints.
 */
export class CodexError extends Error {
  override readonly name = "CodexError";
  readonly code: CodexErrorCode;
  readonly details: Readonly<Omit<CodexErrorDetails, "cause">>;

  constructor(code: CodexErrorCode, message: string, details: CodexErrorDetails = {}) {
    const { cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = rest;
  }

  /** The step that a person or a model takes next. */
  get next(): string {
    return this.details.next ?? this.#nextWithTime() ?? errorCodes[this.code].next;
  }

  /** A step that points to a time, only where one is told. */
  #nextWithTime(): string | undefined {
    const { resetsAt, retryAfterMs } = this.details;
    if (this.code === "USAGE_LIMIT" && resetsAt !== undefined) {
      return "Wait for the reset that the message names; codex_status shows every window.";
    }
    switch (this.code) {
      case "RATE_LIMITED":
      case "UPSTREAM":
        if ((resetsAt ?? retryAfterMs) === undefined) return undefined;
        return "Wait for the time that the message names, then repeat the call.";
      case "OVERLOADED":
        if (retryAfterMs === undefined) return undefined;
        return "Wait for the time that the message names, then repeat the call, or name another model.";
      default:
        return undefined;
    }
  }

  /** The same error with further details. */
  with(details: CodexErrorDetails): CodexError {
    return new CodexError(this.code, this.message, {
      ...this.details,
      cause: this.cause,
      ...details,
    });
  }
}

/** Whatever was thrown, as a CodexError; what is not ours becomes INTERNAL with no foreign text. */
export function toCodexError(thrown: unknown): CodexError {
  if (thrown instanceof CodexError) return thrown;
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return new CodexError("CANCELLED", "The call was cancelled.", { cause: thrown });
  }
  return new CodexError("INTERNAL", "codex-oauth met a case that it does not handle.", {
    cause: thrown,
  });
}

/** For what was asked of a program that is closing down. */
export function programEnds(): CodexError {
  return new CodexError("CANCELLED", "The program is ending.", {
    next: "Ask again in a new session, or with a new client.",
  });
}
