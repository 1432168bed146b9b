import { foreignService } from "../../config/config.ts";
import type { QueryRequest } from "../../query/request/request.ts";
import type { QueryProgress, QueryReply } from "../../query/response/reply.ts";
import { renderProgress } from "../../render/progress.ts";
import { foreignNote, renderFooter, renderSources } from "../../render/reply.ts";
import { CodexError } from "../../shared/errors.ts";
import type { CommandContext } from "../command.ts";
import { PlainTextStream, terminalText } from "../terminal/plain-text-stream.ts";
import { Spinner } from "../terminal/spinner.ts";
import { dim } from "../terminal/terminal.ts";

/** Asks, with the progress in a spinner. */
export async function askWithSpinner(request: QueryRequest, context: CommandContext): Promise<QueryReply> {
  const { codex, signal } = context;
  return withSpinner(context, (onProgress) => codex.query(request, { signal, onProgress }));
}

/** @param work gets `stop` to end the spinner before the answer is printed */
async function withSpinner<T>(
  { codex, terminal }: CommandContext,
  work: (onProgress: (step: QueryProgress) => void, stop: () => void) => Promise<T>,
): Promise<T> {
  const { clock, redactor } = codex.context;
  const spinner = new Spinner(terminal, clock);
  const started = clock.elapsed();
  let stopped = false;
  const onProgress = (step: QueryProgress): void => {
    if (stopped) return;
    // Before the spinner cuts the line: the beginning of a secret is not recognized.
    spinner.show(() => redactor.redactSecrets(renderProgress(step, clock.elapsed() - started)));
  };
  const stop = (): void => {
    stopped = true;
    spinner.stop();
  };
  onProgress({ type: "sent" });
  try {
    return await work(onProgress, stop);
  } finally {
    stop();
  }
}

/** Prints the answer on a terminal as it arrives, then its footer. */
export async function streamAnswer(request: QueryRequest, context: CommandContext): Promise<void> {
  const { terminal, codex, signal } = context;
  const { redactor } = codex.context;
  const clean = new PlainTextStream(redactor);
  let printed = "";
  const print = (text: string): void => {
    if (text === "") return;
    printed += text;
    terminal.stdout.write(text);
  };
  try {
    const reply = await withSpinner(context, async (onProgress, stop) => {
      for await (const event of codex.stream(request, { signal, onProgress })) {
        if (event.type === "completed") return event.reply;
        if (event.type !== "text") continue;
        stop();
        print(clean.push(event.delta));
      }
      throw new CodexError("INTERNAL", "The answer ended without its last event.");
    });
    print(clean.end());
    print(unprinted(printed, redactor.redactSecrets(terminalText(reply.text))));
    endLine();
    if (reply.sources.length > 0) print(`\n${renderSources(reply.sources)}\n`);
    printFooter(reply, context);
  } catch (error) {
    print(clean.end());
    endLine();
    throw error;
  }

  function endLine(): void {
    if (printed !== "" && !printed.endsWith("\n")) print("\n");
  }
}

/** What of the whole answer is not printed yet: a finished message may have more text than its deltas. */
function unprinted(printed: string, whole: string): string {
  if (whole.startsWith(printed)) return whole.slice(printed.length);
  return printed.endsWith(whole) ? "" : `\n\n${whole}`;
}

/** Prints the footer on stderr; if that is no terminal, only the notices. */
export function printFooter(reply: QueryReply, context: CommandContext): void {
  const { codex, terminal } = context;
  const { clock, timeZone, config, sessionNotices } = codex.context;
  const notices = sessionNotices();
  const foreign = foreignService(config);
  const lines = terminal.stderrIsTty
    ? [dim(renderFooter(reply, notices, clock.now(), timeZone, foreign), terminal)]
    : [foreignNote(reply, foreign), ...notices, ...reply.notices]
        .filter((notice) => notice !== undefined)
        .map((notice) => `note: ${notice}`);
  for (const line of lines) terminal.stderr.write(`${line}\n`);
}
