import { act, deviceSignIn, either, restart, retry, signIn, type NextSteps } from "./next-step.ts";

const wait = { do: "wait" } as const;

/**
 * Every way a call can fail, with its meaning and default next steps. The set is closed: programs decide by code, never
 * by text. The table in DEPLOYMENT.md is generated from this object.
 */
export const errorCodes = {
  AUTH_REQUIRED: {
    meaning: "Nobody is signed in here, or the login belongs to another origin.",
    next: [signIn, retry],
  },
  AUTH_EXPIRED: {
    meaning: "The stored login is no longer accepted and cannot be refreshed.",
    next: [signIn, retry],
  },
  AUTH_DENIED: {
    meaning: "The sign-in was refused, in the browser or by the authorization server.",
    next: [signIn, act("Approve the request with an account that may use Codex")],
  },
  LOGIN_PORT_BUSY: {
    meaning: "Other programs hold every port that the browser may return to.",
    next: [either(deviceSignIn, [act("Close the program that listens there (often another login)"), signIn])],
  },
  LOGIN_TIMEOUT: {
    meaning: "Nobody finished the sign-in in time.",
    next: [signIn, act("Open the new link within ten minutes")],
  },
  USAGE_LIMIT: {
    meaning: "The quota of the plan, or its credits, are used up.",
    next: [{ do: "check-status" }, { do: "wait", for: "reset" }],
  },
  RATE_LIMITED: {
    meaning: "Too many requests in a short time; the quota itself is not used up.",
    next: [wait, retry],
  },
  PLAN_REQUIRED: {
    meaning: "The plan or the workspace of this account does not include Codex.",
    next: [either([signIn, act("Approve with another account")], act("Ask the workspace's administrator"))],
  },
  MODEL_UNAVAILABLE: {
    meaning: "This account cannot use the model that was asked for.",
    next: [{ do: "choose-model" }],
  },
  OVERLOADED: {
    meaning: "The service has no capacity for the model at the moment.",
    next: [either(wait, { do: "choose-model", which: "other" }), retry],
  },
  POLICY: {
    meaning: "The service declined the prompt or the answer for policy reasons.",
    next: [act("Rephrase the question; repeating it unchanged will not help")],
  },
  CONTEXT_TOO_LONG: {
    meaning: "The prompt does not fit into the model's context window.",
    next: [either(act("Send less context"), { do: "choose-model", which: "larger" })],
  },
  BAD_REQUEST: {
    meaning: "An argument is wrong, or the service refused the request as malformed.",
    next: [{ do: "correct-request" }, retry],
  },
  BLOCKED: {
    meaning:
      "Something on the way answered in place of the service, such as Cloudflare, a company's proxy or a network's sign-in page, or the service is not offered there. The login itself is not affected.",
    next: [act("Check VPN, proxy or region, and wait a few minutes"), retry],
  },
  NETWORK: {
    meaning: "The service could not be reached, or the connection broke.",
    next: [act("Check the connection and the proxy settings"), retry],
  },
  TIMEOUT: {
    meaning: "Something took longer than its limit.",
    next: [retry, act("Ask a smaller question or lower the reasoning effort")],
  },
  CANCELLED: {
    meaning: "The caller cancelled the call.",
    next: [{ do: "nothing" }],
  },
  INCOMPLETE: {
    meaning: "The answer broke off. What had arrived is shown and marked as partial.",
    next: [act("Use what had arrived as a partial answer"), retry],
  },
  EMPTY_RESPONSE: {
    meaning: "The service completed the response without any text.",
    next: [retry, act("Rephrase the question")],
  },
  UPSTREAM: {
    meaning: "The service failed, or answered in a way that must not be followed (a redirect).",
    next: [wait, retry, { do: "run-doctor" }],
  },
  PROTOCOL: {
    meaning: "The service sent something that does not have the known form.",
    next: [{ do: "run-doctor" }, act("Look for a newer version of codex-oauth")],
  },
  STORAGE: {
    meaning: "The login file cannot be used or written as it is.",
    next: [act("Correct the file or folder that the message names"), retry],
  },
  CONFIG: {
    meaning: "A setting has a value that cannot be used, or the system's keyring cannot be asked for the login's key.",
    next: [act("Correct or unset the environment variable that the message names"), restart],
  },
  INTERNAL: {
    meaning: "A defect of codex-oauth itself.",
    next: [{ do: "run-doctor" }, act("Report the fault with its output")],
  },
} as const satisfies Record<string, { meaning: string; next: NextSteps }>;

export type CodexErrorCode = keyof typeof errorCodes;

/** Details for callers and for the renderer. */
export interface CodexErrorDetails {
  /** The cause, if it is known: one sentence. */
  why?: string | undefined;
  /** The next steps. Default: those of the code. */
  next?: NextSteps | undefined;
  /** The wait that the service requested. */
  retryAfterMs?: number | undefined;
  /** When the exhausted quota window resets, epoch ms. */
  resetsAt?: number | undefined;
  /** Answer text that arrived before the failure, perhaps cut. */
  partialText?: string | undefined;
  /** Length of the text before the cut. */
  partialTotalChars?: number | undefined;
  /** The service's request id, for reports. */
  requestId?: string | undefined;
  /** True if the same request may succeed later; false once any part of an answer has arrived. */
  retryable?: boolean | undefined;
  /** HTTP status of the response. */
  status?: number | undefined;
  /** The request field that the service reports as invalid. */
  field?: string | undefined;
  /** True if the request can't have reached the server. */
  unsent?: boolean | undefined;
  cause?: unknown;
}

/**
 * The only error that the program throws on purpose. `message` is one sentence without tokens, stacks or response
 * bodies; those belong in `cause`, which is never printed.
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

  /** The next steps; render/next-step.ts renders them. */
  get next(): NextSteps {
    return this.details.next ?? errorCodes[this.code].next;
  }

  /** The same error with further details. */
  with(details: CodexErrorDetails): CodexError {
    return new CodexError(this.code, this.message, { ...this.details, cause: this.cause, ...details });
  }
}

/** Converts a thrown value to a CodexError; unknown ones become `INTERNAL`, without their text. */
export function toCodexError(thrown: unknown): CodexError {
  if (thrown instanceof CodexError) return thrown;
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return new CodexError("CANCELLED", "The call was cancelled.", { cause: thrown });
  }
  return new CodexError("INTERNAL", "codex-oauth met a case that it does not handle.", { cause: thrown });
}

/** Creates the error for calls during shutdown. */
export function programEnds(): CodexError {
  return new CodexError("CANCELLED", "The program is ending.", {
    next: [act("Ask again in a new session, or with a new client")],
  });
}

/** Formats an error with its cause, for the log only, which redacts it. */
export function errorForLog({ code, message, cause }: CodexError): string {
  const why = cause instanceof Error ? ` (${cause.name}: ${cause.message})` : "";
  return `${code}: ${message}${why}`;
}
