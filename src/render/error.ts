import type { CodexError } from "../shared/errors.ts";
import { markedText, plainText } from "../shared/text.ts";
import { localTime, span } from "../shared/time.ts";
import { renderNext, type Reader } from "./next-step.ts";
import { grouped } from "./reply.ts";

/** An error for a reader: `CODE: what happened.` then why and the next step, each on its line. */
export function renderError(error: CodexError, now: number, timeZone: string, reader: Reader): string {
  const { why, resetsAt, retryAfterMs, requestId } = error.details;
  const lines = [`${error.code}: ${error.message}`];
  if (why !== undefined) lines.push(why);
  if (resetsAt !== undefined) {
    const time = localTime(resetsAt, now, timeZone);
    lines.push(
      resetsAt > now
        ? `The limit resets at ${time} (in ${span(resetsAt - now)}).`
        : `The limit was to reset at ${time} (${span(now - resetsAt)} ago).`,
    );
  } else if (retryAfterMs) {
    lines.push(`The service asks to wait ${span(retryAfterMs)}.`);
  }
  lines.push(`Next: ${renderNext(error, reader)}`);
  if (requestId !== undefined) lines.push(`Request id: ${requestId}`);
  return plainText(lines.join("\n"));
}

/** An error as one line of a report: what happened, why, and the next steps. */
export function errorLine(error: CodexError, reader: Reader): string {
  const { why, retryAfterMs } = error.details;
  const wait = retryAfterMs ? `It asked to wait ${span(retryAfterMs)}.` : undefined;
  return [`${error.code}: ${error.message}`, why, wait, `Next: ${renderNext(error, reader)}`]
    .filter((part) => part !== undefined)
    .join(" ");
}

/**
 * The part of an answer that had arrived, marked as incomplete.
 *
 * @param totalChars how much had arrived, if the text is only its beginning
 */
export function renderPartial(partialText: string, totalChars?: number): string {
  const cut =
    totalChars === undefined
      ? ""
      : ` (only its first ${grouped(partialText.length)} of ${grouped(totalChars)} characters are shown)`;
  return `\n\nPartial answer, it breaks off${cut}:\n\n${markedText(partialText)}`;
}
