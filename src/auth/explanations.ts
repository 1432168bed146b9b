import type { Clock } from "../platform/clock.ts";
import type { CredentialChoice } from "./chooser.ts";

const validMs = 10 * 60_000;

/** What this process has explained: a model's yes for its user counts once, for that very credential, for ten minutes. */
export class Explanations {
  readonly #clock: Pick<Clock, "elapsed">;
  /** When each was given, by `subject`. */
  readonly #given = new Map<string, number>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  give(choice: CredentialChoice): void {
    this.#given.set(subject(choice), this.#clock.elapsed());
  }

  /** Whether the explanation was given; it is used up. */
  take(choice: CredentialChoice): boolean {
    const given = this.#given.get(subject(choice));
    this.#given.delete(subject(choice));
    return given !== undefined && this.#clock.elapsed() - given < validMs;
  }
}

function subject({ kind, account, apiOrigin }: CredentialChoice): string {
  return JSON.stringify([kind, account, apiOrigin]);
}
