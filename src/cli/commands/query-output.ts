import { PlainTextStream, terminalText } from "../terminal/plain-text-stream.ts";
import { CodexError } from "../../shared/errors.ts";
import type { QueryProgress } from "../../query/response/reply.ts";
import type { QueryReply } from "../../query/response/reply.ts";
import type { QueryRequest } from "../../query/request/request.ts";
import { renderProgress } from "../../render/progress.ts";
import { renderFooter, renderSources } from "../../render/reply.ts";
import type { CommandContext } from "../command.ts";
import { Spinner } from "../terminal/spinner.ts";
import { dim } from "../terminal/terminal.ts";

/** Ask, with a spinner that tells how it stands. */
export async function askWithSpinner(request: QueryRequest, context: CommandContext): Promise<QueryReply> {
  const { codex, signal } = context;
  return withSpinner(context, ({ onProgress }) => codex.query(request, { signal, onProgress }));
}

interface Showing {
  onProgress: (step: QueryProgress) => void;
  /** From now on the answer itself is to be seen. */
  stop: () => void;
}

async function withSpinner<T>({ codex, terminal }: CommandContext, work: (showing: Showing) => Promise<T>): Promise<T> {
  const { clock, redactor } = codex.context;
  const spinner = new Spinner(terminal, clock);
  const started = clock.elapsed();
  let stopped = false;
  const onProgress = (step: QueryProgress): void => {
    if (stopped) return;
    // Before the spinner cuts it: the beginning of a secret is not known as one.
    spinner.say(() => redactor.redactSecrets(renderProgress(step, clock.elapsed() - started)));
  };
  const stop = (): void => {
    stopped = true;
    spinner.stop();
  };
  onProgress({ type: "sent" });
  try {
    return await work({ onProgress, stop });
  } finally {
    stop();
  }
}

/** Print the answer on a terminal while it is written, and the facts after it. */
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
    const reply = await withSpinner(context, async ({ onProgress, stop }) => {
      for await (const event of codex.stream(request, { signal, onProgress })) {
        if (event.type === "completed") return event.reply;
        if (event.type !== "text") continue;
        stop();
        print(clean.push(event.delta));
      }
      throw new CodexError("INTERNAL", "The answer ended without its last event.");
    });
    print(clean.end());
    print(missing(printed, redactor.redactSecrets(terminalText(reply.text))));
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

/** What of the whole answer was not printed yet: a finished message may say more than its pieces. */
function missing(printed: string, whole: string): string {
  if (whole.startsWith(printed)) return whole.slice(printed.length);
  return printed.endsWith(whole) ? "" : `\n\n${whole}`;
}

/** The line of facts for a person; where nobody looks on, only what was not done as asked. */
export function printFooter(reply: QueryReply, context: CommandContext): void {
  const { codex, terminal } = context;
  const { clock, timeZone } = codex.context;
  const notices = codex.context.sessionNotices();
  const lines = terminal.stderrIsTty
    ? [dim(renderFooter(reply, notices, clock.now(), timeZone), terminal)]
    : [...notices, ...reply.notices].map((notice) => `note: ${notice}`);
  for (const line of lines) terminal.stderr.write(`${line}\n`);
}
