import type { Clock, Timer } from "../../platform/clock.ts";
import { dim, fitWidth, type Terminal } from "./terminal.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;
const clearLine = "\r\u001b[2K";

/** One line on stderr that says what is going on; nothing where stderr is no terminal. */
export class Spinner {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #words: () => string = () => "";
  #frame = 0;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** Say this from now on; `words` is asked at each turn, so that it can hold the time passed. */
  say(words: () => string): void {
    if (!this.#terminal.rewrites) return;
    this.#words = words;
    if (this.#timer === undefined) this.#turn();
  }

  /** Clear the line; another `say` begins anew. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#terminal.stderr.write(clearLine);
  }

  #turn(): void {
    const { stderr, columns } = this.#terminal;
    const frame = frames[this.#frame++ % frames.length] ?? "";
    // The last column stays free: some terminals go on to the next line when it is written.
    const line = fitWidth(`${frame} ${this.#words()}`, columns() - 1);
    stderr.write(`${clearLine}${dim(line, this.#terminal)}`);
    this.#timer = this.#clock.timer(frameMs, () => {
      this.#turn();
    });
  }
}
