import type { Limits } from "../shared/limits.ts";
import { firstLines, markedText } from "../shared/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { StateFolder } from "../platform/files/state-folder.ts";

interface LongAnswersDeps {
  /** Their own folder; other files in it stay. */
  folder: Pick<StateFolder, "writeText" | "prune">;
  /** Masks secrets, so that the file reveals no more than the shown text. */
  redact: (text: string) => string;
  clock: Clock;
  random: Random;
  limits: Pick<Limits, "maxInlineChars" | "keptAnswerMs" | "maxKeptAnswers">;
}

/** The part of an answer that an MCP host can show. */
interface FittedAnswer {
  text: string;
  /** The file with the whole answer, if the text is only its beginning. */
  whole?: { path: string; characters: number };
}

/** The names of the files that `fit` writes. */
const fileName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{8}\.txt$/;

/** Keeps long answers in files for a few days: an MCP host hides a result that is too long for it completely. */
export class LongAnswers {
  readonly #deps: LongAnswersDeps;
  #pruned = false;

  constructor(deps: LongAnswersDeps) {
    this.#deps = deps;
  }

  /** The whole answer if it is short or no file can be written, else its beginning and the file's path. */
  async fit(answer: string): Promise<FittedAnswer> {
    const { folder, redact, clock, random, limits } = this.#deps;
    const text = markedText(answer);
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

  /** Runs with the first answer of a process, too, so that files end on time without another long answer. */
  async #prune(): Promise<void> {
    const { folder, clock, limits } = this.#deps;
    this.#pruned = true;
    await folder.prune(fileName, clock.now() - limits.keptAnswerMs, limits.maxKeptAnswers);
  }
}
