import type { CodexContext } from "../app/codex.ts";
import { renderError, renderPartial } from "../render/error.ts";
import { renderNext } from "../render/next-step.ts";
import type { CodexError } from "../shared/errors.ts";
import { terminalText } from "./terminal/plain-text-stream.ts";
import { markCode, type Terminal } from "./terminal/terminal.ts";

/** One line of JSON; unknown values are null, so that every key is always present. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_, inner: unknown) => (inner === undefined ? null : inner))}\n`;
}

/** Prints the error on stderr, and a partial answer that was not printed yet. */
export function reportError(error: CodexError, context: CodexContext, terminal: Terminal): void {
  const { clock, timeZone, redactor } = context;
  const { partialText, partialTotalChars } = error.details;
  const head = redactor.redactAll(renderError(error, clock.now(), timeZone, "cli"));
  const partial =
    partialText === undefined || terminal.stdoutIsTty ? "" : renderPartial(partialText, partialTotalChars);
  terminal.stderr.write(`${markCode(head, terminal)}${terminalText(partial)}\n`);
}

/** Prints the error as the one JSON object on stdout. */
export function reportJson(error: CodexError, { redactor }: CodexContext, terminal: Terminal): void {
  const { code, message, details } = error;
  const { why, resetsAt, retryAfterMs, partialText } = details;
  const facts = {
    code,
    message: redactor.redactAll(message),
    why: why === undefined ? undefined : redactor.redactAll(why),
    next: redactor.redactAll(renderNext(error, "cli")),
    resetsAt,
    retryAfterMs,
    partialText: partialText === undefined ? undefined : redactor.redactSecrets(partialText),
  };
  terminal.stdout.write(toJson({ error: facts }));
}
