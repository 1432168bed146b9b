import { raceSignal } from "../platform/promises.ts";

/** At most `size` holders at once; the others wait in their order. */
export class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  /**
   * A place, given back by calling the result.
   *
   * @param onQueued called with the number of those ahead when it is not free at once
   */
  async acquire(signal: AbortSignal, onQueued: (ahead: number) => void): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return this.#releaser();
    }
    onQueued(this.#waiting.length);
    let enter: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      enter = resolve;
      this.#waiting.push(resolve);
    });
    try {
      await raceSignal(turn, signal);
      return this.#releaser();
    } catch (error) {
      const place = this.#waiting.indexOf(enter);
      // Not waiting any more: the place had been given to us already, so hand it on.
      if (place === -1) this.#next();
      else this.#waiting.splice(place, 1);
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
    const enter = this.#waiting.shift();
    if (enter === undefined) this.#free++;
    else enter();
  }
}
