import type { IncomingMessage, ServerResponse } from "node:http";

/** One request on the wire and the way its answer goes: who ended it, and when. */
export class Exchange {
  readonly response: ServerResponse;
  /** Resolves when either side has ended it. */
  readonly over: Promise<void>;
  #isOver = false;
  #finished = false;
  #brokenOff = false;

  constructor(message: IncomingMessage, response: ServerResponse) {
    this.response = response;
    // A client may vanish at any point of a write; that is no fault of ours to report.
    message.on("error", () => undefined);
    response.on("error", () => undefined);
    response.once("finish", () => (this.#finished = true));
    this.over = new Promise((resolve) => {
      response.once("close", () => {
        this.#isOver = true;
        resolve();
      });
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** `server` when the whole answer went out or we broke it off, `client` when it hung up first. */
  get closedBy(): "client" | "server" {
    return this.#finished || this.#brokenOff ? "server" : "client";
  }

  /** The promise's value, or undefined as soon as the exchange is over. */
  async unlessOver<T>(promise: Promise<T>): Promise<T | undefined> {
    return Promise.race([promise, this.over.then(() => undefined)]);
  }

  /** Ends the connection with a TCP RST. */
  reset(): void {
    if (this.#isOver) return;
    this.#brokenOff = true;
    this.response.socket?.resetAndDestroy();
  }

  /** Ends the connection with a FIN, whatever has been promised to the client. */
  drop(): void {
    if (this.#isOver) return;
    this.#brokenOff = true;
    this.response.socket?.destroySoon();
  }

  /** The simulator is closing. */
  abandon(): void {
    this.#brokenOff = true;
  }
}
