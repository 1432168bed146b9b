import type { EventEmitter } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { PassThrough } from "node:stream";
import { deferred, raceSignal } from "../../platform/promises.ts";
import { CodexError } from "../../shared/errors.ts";
import { act } from "../../shared/next-step.ts";
import { UsageError, type CommandContext } from "../command.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Reads stdin to its end, as UTF-8.
 *
 * @throws CodexError `BAD_REQUEST` if it is longer than `maxChars`
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
          { why: "Nothing was sent.", next: [act("Send less")] },
        );
      }
    }
    return text + decoder.decode();
  })();
  return raceSignal(whole, signal);
}

/** Asks a question that only "y" or "yes" agrees to, and prints `otherwise` after any other answer. */
export async function confirmed(
  question: string,
  context: CommandContext,
  otherwise = "Nothing was changed.\n",
): Promise<boolean> {
  if (!context.terminal.stdinIsTty) throw new UsageError("nobody can answer here; add --yes");
  const reader = new LineReader(context);
  const line = await reader.ask(`${question} [y/N] `, context.signal).finally(() => {
    reader.close();
  });
  const yes = /^y(es)?$/i.test(line?.trim() ?? "");
  if (!yes) context.terminal.stderr.write(otherwise);
  return yes;
}

/**
 * Reads lines from the terminal until it is closed.
 *
 * With `hidden` the terminal echoes nothing until then: a pasted line may be a secret, and terminals keep their
 * history. Ctrl-C is then read as a key, and still interrupts.
 */
export class LineReader {
  readonly #stderr: Terminal["stderr"];
  readonly #hidden: boolean;
  readonly #reader: Interface;
  readonly #lines: string[] = [];
  #ended = false;
  #next = deferred<undefined>();

  constructor({ terminal, interrupt }: Pick<CommandContext, "terminal" | "interrupt">, hidden = false) {
    this.#stderr = terminal.stderr;
    this.#hidden = hidden;
    this.#reader = createInterface({
      input: terminal.stdin,
      terminal: hidden,
      ...(hidden && { output: new PassThrough().resume(), historySize: 0 }),
    });
    const notify = (): void => {
      this.#next.resolve(undefined);
      this.#next = deferred();
    };
    this.#reader.on("line", (line) => {
      this.#lines.push(line);
      notify();
    });
    this.#reader.once("close", () => {
      this.#ended = true;
      notify();
    });
    this.#reader.on("SIGINT", interrupt);
    // Errors of a closed terminal; SIGHUP reports that one.
    (this.#reader as EventEmitter).on("error", () => undefined);
  }

  /** The next line after the question; undefined if the input has ended. */
  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    this.#stderr.write(question);
    try {
      while (this.#lines.length === 0 && !this.#ended) {
        await raceSignal(this.#next.promise, signal);
      }
    } finally {
      if (this.#hidden) this.#stderr.write("\n"); // the Enter key isn't echoed either
    }
    return this.#lines.shift();
  }

  close(): void {
    this.#reader.close();
  }
}
