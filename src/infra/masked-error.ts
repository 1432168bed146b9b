import { CodexError } from "../core/errors.ts";
import type { Redactor } from "./redact.ts";

/** The same error with no secret in what it says, for programs that print it as it comes. */
export function maskedError(error: unknown, redactor: Pick<Redactor, "all" | "values">): unknown {
  if (!(error instanceof CodexError)) return error;
  const { code, message, details, cause } = error;
  const { why, next, partialText } = details;
  return new CodexError(code, redactor.all(message), {
    ...details,
    cause,
    why: why && redactor.all(why),
    next: next && redactor.all(next),
    partialText: partialText && redactor.values(partialText),
  });
}
