import type { Limits } from "../shared/limits.ts";
import type { Clock, Timer } from "../platform/clock.ts";

/** Sends one progress notification; absent when the caller wants none. */
export type SendProgress = (progress: number, message: string) => void;

/**
 * What a call tells while it works: at most four messages a second, at least one every ten seconds,
 * numbers that only grow, and nothing after the end (MCP, progress).
 */
export class Progress {
  readonly #send: SendProgress | undefined;
  readonly #clock: Clock;
  readonly #limits: Limits;
  #count = 0;
  #lastSentAt = -Infinity;
  #words: (() => string) | undefined;
  #timer: Timer | undefined;
  /** True while the timer waits for the next moment that may be used; else it is the heartbeat. */
  #due = false;
  #stopped = false;

  constructor(send: SendProgress | undefined, clock: Clock, limits: Limits) {
    this.#send = send;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Say something; `words` is asked when it is sent, so that it can hold the time passed. */
  report(words: () => string): void {
    if (this.#send === undefined || this.#stopped) return;
    this.#words = words;
    if (this.#due) return;
    const tooSoonMs = this.#lastSentAt + this.#limits.progressMinIntervalMs - this.#clock.elapsed();
    if (tooSoonMs <= 0) {
      this.#sendNow();
    } else {
      this.#due = true;
      this.#wakeIn(tooSoonMs);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #sendNow(): void {
    if (this.#stopped || this.#words === undefined) return;
    this.#due = false;
    this.#lastSentAt = this.#clock.elapsed();
    this.#count++;
    this.#send?.(this.#count, this.#words());
    this.#wakeIn(this.#limits.progressHeartbeatMs);
  }

  #wakeIn(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.timer(ms, () => {
      this.#sendNow();
    });
  }
}
