import { renderError, renderPartial } from "../render/error.ts";
import type { CodexError } from "../shared/errors.ts";
import type { Services } from "../status/services.ts";
import { commandWords } from "./rephrase.ts";
import { terminalText } from "./terminal/plain-text-stream.ts";
import { markCode, type Terminal } from "./terminal/terminal.ts";

/** One line of JSON; what is not known is null, so that every key is always there. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_, inner: unknown) => (inner === undefined ? null : inner))}\n`;
}

/** The error on stderr, and what had arrived of an answer where nobody has seen it yet. */
export function reportError(error: CodexError, services: Services, terminal: Terminal): void {
  const { clock, timeZone, redactor } = services;
  const { partialText, partialTotalChars } = error.details;
  const head = redactor.all(commandWords(renderError(error, clock.now(), timeZone)));
  const partial =
    partialText === undefined || terminal.stdoutIsTty
      ? ""
      : renderPartial(partialText, partialTotalChars);
  terminal.stderr.write(`${markCode(head, terminal)}${terminalText(partial)}\n`);
}

/** The error as the one JSON object on stdout. */
export function reportJson(error: CodexError, { redactor }: Services, terminal: Terminal): void {
  const { code, message, next, details } = error;
  const { why, resetsAt, retryAfterMs, partialText } = details;
  const said = {
    code,
    message: redactor.all(commandWords(message)),
    why: why === undefined ? undefined : redactor.all(commandWords(why)),
    next: redactor.all(commandWords(next)),
    resetsAt,
    retryAfterMs,
    partialText: partialText === undefined ? undefined : redactor.values(partialText),
  };
  terminal.stdout.write(toJson({ error: said }));
}
