import type { EventEmitter } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { CodexError } from "../../shared/errors.ts";
import { act } from "../../shared/next-step.ts";
import { deferred, raceSignal } from "../../platform/promises.ts";
import type { CommandContext } from "../command.ts";
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
          { why: "Nothing was sent.", next: [act("Send less")] },
        );
      }
    }
    return text + decoder.decode();
  })();
  return raceSignal(whole, signal);
}

/**
 * Reads what the person types, line by line, until it is closed.
 *
 * With `hidden` the terminal shows nothing of it in all that time: what is pasted may be a secret, and
 * a window's history is kept. Ctrl-C then comes to us as a key, and interrupts all the same.
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
      ...(hidden ? { output: nowhere(), historySize: 0 } : {}),
    });
    const tell = (): void => {
      this.#next.resolve(undefined);
      this.#next = deferred();
    };
    this.#reader.on("line", (line) => {
      this.#lines.push(line);
      tell();
    });
    this.#reader.once("close", () => {
      this.#ended = true;
      tell();
    });
    this.#reader.on("SIGINT", interrupt);
    // What cannot be read any more: a terminal that has gone, which SIGHUP tells.
    (this.#reader as EventEmitter).on("error", () => undefined);
  }

  /** The line that answers the question; undefined when the input has ended. */
  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    this.#stderr.write(question);
    try {
      while (this.#lines.length === 0 && !this.#ended) {
        await raceSignal(this.#next.promise, signal);
      }
    } finally {
      if (this.#hidden) this.#stderr.write("\n"); // the key that ends a line is not shown either
    }
    return this.#lines.shift();
  }

  close(): void {
    this.#reader.close();
  }
}

function nowhere(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}
