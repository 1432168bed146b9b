import type { Clock, Timer } from "../../platform/clock.ts";
import { dim, fitWidth, type Terminal } from "./terminal.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;
const clearLine = "\r\u001b[2K";

/** One line of progress on stderr; nothing if stderr is no terminal. */
export class Spinner {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #message: () => string = () => "";
  #frame = 0;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** Shows a message, computed for each frame: it can include the elapsed time. */
  show(message: () => string): void {
    if (!this.#terminal.canRewriteLine) return;
    this.#message = message;
    if (this.#timer === undefined) this.#draw();
  }

  /** Clears the line; another `show` starts again. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#terminal.stderr.write(clearLine);
  }

  #draw(): void {
    const { stderr, columns } = this.#terminal;
    const frame = frames[this.#frame++ % frames.length] ?? "";
    // The last column stays free: some terminals wrap once it is written.
    const line = fitWidth(`${frame} ${this.#message()}`, columns() - 1);
    stderr.write(`${clearLine}${dim(line, this.#terminal)}`);
    this.#timer = this.#clock.timer(frameMs, () => {
      this.#draw();
    });
  }
}
