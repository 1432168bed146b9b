import { PlainTextStream, terminalText } from "../core/plain-text-stream.ts";
import type { QueryReply, QueryRequest } from "../core/query.ts";
import { renderProgress } from "../render/progress.ts";
import { renderFooter } from "../render/reply.ts";
import { ask } from "./ask.ts";
import type { CommandContext } from "./command.ts";
import { Spinner } from "./spinner.ts";
import { dim } from "./terminal.ts";

/**
 * Ask, with a spinner that tells how it stands until the first text, or until the end where nobody
 * takes the text.
 */
export async function askWithSpinner(
  request: QueryRequest,
  { services, terminal, signal }: CommandContext,
  takeText?: (delta: string) => void,
): Promise<QueryReply> {
  const { client, clock, redactor } = services;
  const spinner = new Spinner(terminal, clock);
  const started = clock.elapsed();
  const say = (words: (elapsedMs: number) => string): void => {
    spinner.say(() => redactor.values(words(clock.elapsed() - started)));
  };
  let writing = false;
  say((elapsedMs) => renderProgress({ type: "sent" }, elapsedMs));
  try {
    return await ask(client, request, {
      signal,
      onText: (delta) => {
        if (takeText === undefined) return;
        writing = true;
        spinner.stop();
        takeText(delta);
      },
      onProgress: (step) => {
        if (!writing) say((elapsedMs) => renderProgress(step, elapsedMs));
      },
    });
  } finally {
    spinner.stop();
  }
}

/** Print the answer on a terminal while it is written, and the facts after it. */
export async function printAsItComes(
  request: QueryRequest,
  context: CommandContext,
): Promise<void> {
  const { terminal, services } = context;
  const mask = (text: string): string => services.redactor.values(text);
  const clean = new PlainTextStream(mask);
  let printed = "";
  const print = (text: string): void => {
    if (text === "") return;
    printed += text;
    terminal.stdout.write(text);
  };
  try {
    const reply = await askWithSpinner(request, context, (delta) => {
      print(clean.push(delta));
    });
    print(clean.end());
    print(missing(printed, mask(terminalText(reply.text))));
    endLine();
    sayFacts(reply, context);
  } catch (error) {
    print(clean.end());
    endLine();
    throw error;
  }

  function endLine(): void {
    if (printed !== "" && !printed.endsWith("\n")) print("\n");
  }
}

/** What of the whole answer was not printed yet: a finished message may say more than its pieces. */
function missing(printed: string, whole: string): string {
  if (whole.startsWith(printed)) return whole.slice(printed.length);
  return printed.endsWith(whole) ? "" : `\n\n${whole}`;
}

/** The line of facts for a person; where nobody looks on, only what was not done as asked. */
export function sayFacts(reply: QueryReply, context: CommandContext): void {
  const { services, terminal } = context;
  const { clock, timeZone, redactor } = services;
  const notices = ownNotices(context);
  const lines = terminal.stderrIsTty
    ? [dim(renderFooter(reply, notices, clock.now(), timeZone), terminal)]
    : [...notices, ...reply.notices].map((notice) => `note: ${notice}`);
  for (const line of lines) terminal.stderr.write(redactor.values(`${line}\n`));
}

/** What this run has to say beside the reply's own notices. */
export function ownNotices({ services }: CommandContext): string[] {
  const { config, tokens } = services;
  const unsaved = tokens.unsavedReason;
  return [
    ...config.notices,
    ...(unsaved === undefined
      ? []
      : [`the refreshed login could not be saved yet: ${unsaved.message}`]),
  ];
}
