import type { Clock, Timer } from "../platform/clock.ts";
import type { Limits } from "../shared/limits.ts";

/** Sends one progress notification. */
export type SendProgress = (progress: number, message: string) => void;

/**
 * The progress notifications of a call (MCP, progress): at most four a second, at least one every ten seconds, with
 * numbers that only grow, and none after the call's end.
 */
export class Progress {
  readonly #send: SendProgress | undefined;
  readonly #clock: Clock;
  readonly #limits: Limits;
  #count = 0;
  #lastSentAt = -Infinity;
  #message: (() => string) | undefined;
  #timer: Timer | undefined;
  /** A message waits for the minimum interval; else the timer is the heartbeat. */
  #delayed = false;
  #stopped = false;

  /** @param send undefined if the client wants no progress */
  constructor(send: SendProgress | undefined, clock: Clock, limits: Limits) {
    this.#send = send;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Sends a message, computed at the moment of sending: it can include the elapsed time. */
  report(message: () => string): void {
    if (this.#send === undefined || this.#stopped) return;
    this.#message = message;
    if (this.#delayed) return;
    const waitMs = this.#lastSentAt + this.#limits.progressMinIntervalMs - this.#clock.elapsed();
    if (waitMs <= 0) {
      this.#sendNow();
    } else {
      this.#delayed = true;
      this.#wakeIn(waitMs);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #sendNow(): void {
    if (this.#stopped || this.#message === undefined) return;
    this.#delayed = false;
    this.#lastSentAt = this.#clock.elapsed();
    this.#count++;
    this.#send?.(this.#count, this.#message());
    this.#wakeIn(this.#limits.progressHeartbeatMs);
  }

  #wakeIn(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.timer(ms, () => {
      this.#sendNow();
    });
  }
}
