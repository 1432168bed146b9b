import type { Clock, Timer } from "../../platform/clock.ts";

/** Fires when the service stays silent, except while backpressure pauses the body. */
export class IdleTimeout {
  readonly #timer: Timer;
  #paused = false;

  constructor(clock: Clock, ms: number, onSilent: () => void) {
    this.#timer = clock.timer(ms, () => {
      if (this.#paused) this.#timer.refresh();
      else onSilent();
    });
  }

  /** Restarts the time; also ends a pause. */
  refresh(): void {
    this.#paused = false;
    this.#timer.refresh();
  }

  /** Suspends the timeout until the next `refresh`. */
  pause(): void {
    this.#paused = true;
  }

  cancel(): void {
    this.#timer.cancel();
  }
}
