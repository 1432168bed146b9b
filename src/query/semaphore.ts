import { deferred, raceSignal, type Deferred } from "../platform/promises.ts";

/** Limits concurrency to `size`; further callers queue in FIFO order. */
export class Semaphore {
  readonly #waiting: Deferred<undefined>[] = [];
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  /**
   * Acquires a slot; call the result to release it.
   *
   * @param onQueued gets the number of queued callers ahead, if no slot is free
   */
  async acquire(signal: AbortSignal, onQueued: (ahead: number) => void): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return this.#releaser();
    }
    onQueued(this.#waiting.length);
    const turn = deferred<undefined>();
    this.#waiting.push(turn);
    try {
      await raceSignal(turn.promise, signal);
      return this.#releaser();
    } catch (error) {
      const position = this.#waiting.indexOf(turn);
      // No longer queued: the slot was already assigned to this caller, so pass it on.
      if (position === -1) this.#next();
      else this.#waiting.splice(position, 1);
      throw error;
    }
  }

  #releaser(): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#next();
    };
  }

  #next(): void {
    const turn = this.#waiting.shift();
    if (turn === undefined) this.#free++;
    else turn.resolve(undefined);
  }
}
