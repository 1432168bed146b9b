import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CodexError } from "../core/errors.ts";
import { deferred, orAborted } from "../infra/promises.ts";
import type { CommandContext } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Everything that is piped in, as UTF-8.
 *
 * @throws CodexError `BAD_REQUEST` when it is longer than `maxChars`.
 */
export async function readAll(
  { stdin }: Pick<Terminal, "stdin">,
  maxChars: number,
  signal: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const whole = (async () => {
    for await (const chunk of stdin) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.length > maxChars) {
        throw new CodexError(
          "BAD_REQUEST",
          `What is piped in has more than ${maxChars.toLocaleString("en")} characters.`,
          { why: "Nothing was sent.", next: "Send less." },
        );
      }
    }
    return text + decoder.decode();
  })();
  return orAborted(whole, signal);
}

/**
 * One line that the person types after the question; undefined when the input ends.
 *
 * With `hidden` the terminal shows nothing of it: what is pasted may be a secret, and a window's
 * history is kept. Ctrl-C then comes to us as a key, and interrupts all the same.
 */
export async function askLine(
  question: string,
  { terminal, interrupt }: Pick<CommandContext, "terminal" | "interrupt">,
  signal: AbortSignal,
  hidden: boolean,
): Promise<string | undefined> {
  signal.throwIfAborted();
  terminal.stderr.write(question);
  const typed = deferred<string | undefined>();
  const reader = createInterface({
    input: terminal.stdin,
    terminal: hidden,
    ...(hidden ? { output: nowhere(), historySize: 0 } : {}),
  });
  reader.once("line", typed.resolve);
  reader.once("close", () => {
    typed.resolve(undefined);
  });
  reader.on("SIGINT", interrupt);
  try {
    return await orAborted(typed.promise, signal);
  } finally {
    reader.close();
    if (hidden) terminal.stderr.write("\n"); // the key that ended the line was not shown either
  }
}

function nowhere(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}
