import type { CodexError } from "./errors.ts";
import { span } from "./time.ts";

/** An error for the log, which redacts it: no answer shows a cause. */
export function errorForLog({ code, message, cause }: CodexError): string {
  const why = cause instanceof Error ? ` (${cause.name}: ${cause.message})` : "";
  return `${code}: ${message}${why}`;
}

/** An error as one line of a report: what happened, why, and the next step. */
export function oneLineError({ code, message, details, next }: CodexError): string {
  const { why, retryAfterMs } = details;
  const wait = retryAfterMs === undefined ? undefined : `It asked to wait ${span(retryAfterMs)}.`;
  return [`${code}: ${message}`, why, wait, `Next: ${next}`]
    .filter((part) => part !== undefined)
    .join(" ");
}
