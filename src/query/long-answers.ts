import type { Limits } from "../shared/limits.ts";
import { firstLines, plainText } from "../shared/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { StateFolder } from "../platform/files/state-folder.ts";

export interface LongAnswersDeps {
  /** The folder of their own. What else somebody has put there stays. */
  folder: Pick<StateFolder, "writeText" | "prune">;
  /** Masks what is secret: the file must hold no more than the reader is shown. */
  redact: (text: string) => string;
  clock: Clock;
  random: Random;
  limits: Pick<Limits, "maxInlineChars" | "keptAnswerMs" | "maxKeptAnswers">;
}

/** What of an answer a host is given. */
export interface FittedAnswer {
  text: string;
  /** Where the whole lies, when the text is only its beginning. */
  whole?: { path: string; characters: number };
}

/** The names that `fit` gives to its files. */
const fileName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{8}\.txt$/;

/**
 * Hosts hide a result that is too long for them, all of it. So a long answer is kept in a file for a
 * few days, and its beginning is handed on with the path.
 */
export class LongAnswers {
  readonly #deps: LongAnswersDeps;
  #pruned = false;

  constructor(deps: LongAnswersDeps) {
    this.#deps = deps;
  }

  /** The answer as it is handed on: whole if it is short, or where no file can be written. */
  async fit(answer: string): Promise<FittedAnswer> {
    const { folder, redact, clock, random, limits } = this.#deps;
    const text = plainText(answer);
    if (text.length <= limits.maxInlineChars) {
      if (!this.#pruned) await this.#prune();
      return { text: answer };
    }
    const time = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(":", "-");
    const path = await folder.writeText(`${time}-${random.bytes(4).toString("hex")}.txt`, redact(text));
    await this.#prune();
    if (path === undefined) return { text: answer };
    const whole = { path, characters: text.length };
    return { text: firstLines(text, limits.maxInlineChars), whole };
  }

  /** The first answer of a process does this, too: kept for a week means no longer. */
  async #prune(): Promise<void> {
    const { folder, clock, limits } = this.#deps;
    this.#pruned = true;
    await folder.prune(fileName, clock.now() - limits.keptAnswerMs, limits.maxKeptAnswers);
  }
}
