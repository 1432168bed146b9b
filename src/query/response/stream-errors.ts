import { CodexError, type CodexErrorDetails } from "../../shared/errors.ts";
import { act, retry, type NextSteps } from "../../shared/next-step.ts";
import type { StreamFailure } from "./response-event.ts";
import { toApiError } from "../../api/api-error.ts";
import { firstCharacters, oneLine } from "../../shared/text.ts";

/**
 * An error that broke an answer off, with the part of the text that had come. Nothing may be asked
 * twice from here on, so it is not retryable.
 */
export function partialAnswerError(error: CodexError, partialText: string, maxChars: number): CodexError {
  const part = partialText.trim() === "" ? {} : shortened(partialText, maxChars);
  return amidAnswer(error).with({ ...part, retryable: false });
}

/** Failures that would mean something else if nothing had come: here they break an answer off. */
function amidAnswer(error: CodexError): CodexError {
  if (error.code === "NETWORK") return streamTruncated(error);
  // Nothing was renewed, since nothing may be asked twice; the next call does that.
  if (error.code === "AUTH_EXPIRED") return streamTruncated(error, "The service no longer accepted the login.");
  return error;
}

function shortened(text: string, max: number): Pick<CodexErrorDetails, "partialText" | "partialTotalChars"> {
  if (text.length <= max) return { partialText: text };
  return { partialText: firstCharacters(text, max), partialTotalChars: text.length };
}

/**
 * A stream that ended without its last event. Retryable as it stands, which is right where nothing of
 * the answer had come; `brokenOff` takes that back.
 */
export function streamTruncated(cause?: CodexError, why = cause?.message): CodexError {
  return new CodexError("INCOMPLETE", "The stream ended before the answer was complete.", {
    why,
    retryable: true,
    cause,
  });
}

/**
 * An answer that the service itself ended as incomplete. Never retryable: the same question may meet
 * the same limit or filter, and somebody has to know.
 *
 * @param reason of the service's `incomplete_details`, if it names one
 */
export function incompleteResponse(reason: string | undefined): CodexError {
  if (reason === "content_filter") {
    return new CodexError("POLICY", "The service's content filter stopped the answer.");
  }
  const named = oneLine(reason ?? "", 60);
  const [why, next]: [string | undefined, NextSteps] =
    reason === "max_output_tokens"
      ? ["It reached the limit for one answer.", [act("Ask for a shorter answer, or for one part at a time")]]
      : [named === "" ? undefined : `The reason that it gave: "${named}".`, [retry]];
  return new CodexError("INCOMPLETE", "The service stopped the answer before its end.", {
    why,
    next,
  });
}

/** A response that the service completed without text, and without a call that somebody can make. */
export function noAnswer(calledUndeclaredFunction: boolean, wantedMore: boolean): CodexError {
  const goesOn = "The model ended its turn before the answer, and wanted to go on.";
  return new CodexError("EMPTY_RESPONSE", "Codex finished without any text.", {
    why: calledUndeclaredFunction
      ? "The model wanted to call a function, and none was offered."
      : wantedMore
        ? goesOn
        : undefined,
  });
}

/**
 * A failure that the service reports within the stream. Retryable where `refusalError` holds its cause
 * for a passing one: no capacity, too many requests, a failure of its own.
 */
export function streamFailure(failure: StreamFailure): CodexError {
  return toApiError({
    status: failure.status,
    inStream: true,
    code: failure.code,
    type: failure.type,
    message: failure.message,
    param: failure.param,
    resetsAt: failure.resetsAt,
    retryAfterMs: failure.retryAfterMs,
    html: false,
    challenge: false,
    requestId: undefined,
  });
}
