import type { Clock, Timer } from "../../platform/clock.ts";

/** A limit on the service's silence, which does not count while we ourselves read nothing. */
export class IdleTimeout {
  readonly #timer: Timer;
  #paused = false;

  constructor(clock: Clock, ms: number, onSilent: () => void) {
    this.#timer = clock.timer(ms, () => {
      if (this.#paused) this.#timer.refresh();
      else onSilent();
    });
  }

  /** A sign of life. */
  refresh(): void {
    this.#paused = false;
    this.#timer.refresh();
  }

  /** Silence is of our own making until the next `refresh`. */
  pause(): void {
    this.#paused = true;
  }

  cancel(): void {
    this.#timer.cancel();
  }
}
