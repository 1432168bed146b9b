import { CodexError, type CodexErrorDetails } from "../../shared/errors.ts";
import { act, retry, type NextSteps } from "../../shared/next-step.ts";
import type { StreamFailure } from "./response-event.ts";
import { toApiError } from "../../api/api-error.ts";
import { firstCharacters, oneLine } from "../../shared/text.ts";

/** An error after the answer has begun, with the text so far. Not retryable: the answer must not begin twice. */
export function partialAnswerError(error: CodexError, partialText: string, maxChars: number): CodexError {
  const part = partialText.trim() === "" ? {} : truncate(partialText, maxChars);
  return duringAnswer(error).with({ ...part, retryable: false });
}

/** Failures with another meaning before the answer; during it, they truncate the stream. */
function duringAnswer(error: CodexError): CodexError {
  if (error.code === "NETWORK") return streamTruncated(error);
  // The credential is not replaced, since that repeats the request; the next query does it.
  if (error.code === "AUTH_EXPIRED") return streamTruncated(error, "The service no longer accepted the login.");
  return error;
}

function truncate(text: string, max: number): Pick<CodexErrorDetails, "partialText" | "partialTotalChars"> {
  if (text.length <= max) return { partialText: text };
  return { partialText: firstCharacters(text, max), partialTotalChars: text.length };
}

/** A stream without its terminal event. Retryable, until `partialAnswerError` forbids it. */
export function streamTruncated(cause?: CodexError, why = cause?.message): CodexError {
  const message = "The stream ended before the answer was complete.";
  return new CodexError("INCOMPLETE", message, { why, retryable: true, cause });
}

/**
 * An answer that the service ended as incomplete. Never retryable: the same question may meet the same limit or filter.
 *
 * @param reason of `incomplete_details`, if the service names one
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
  return new CodexError("INCOMPLETE", "The service stopped the answer before its end.", { why, next });
}

/** A completed response without text and without a call of a declared function. */
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

/** A failure that the service reports in the stream; retryable if `toApiError` finds a temporary cause. */
export function streamFailure(failure: StreamFailure): CodexError {
  return toApiError({ ...failure, inStream: true, html: false, challenge: false, requestId: undefined });
}
