/* eslint-disable no-control-regex -- control characters are what this file is about */
import { plainText } from "./text.ts";

/** The beginning of an escape sequence, a line end or a surrogate pair that may still go on. */
const unfinished =
  /(?:\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b\r\n]*\u001b?)?|\r|[\ud800-\udbff])$/;
/** The beginning of a word of the characters that tokens and codes are made of. */
const unfinishedWord = /[\w.~+/=-]+$/;
/** Text that waits for its end is let go beyond this: it is neither a word nor a sequence. */
const maxHeldChars = 4_096;

/**
 * `plainText` for text that comes in pieces: what a piece breaks off is held until it can be judged.
 * All line ends become `\n`: a lone carriage return would let a terminal write over a line.
 */
export class PlainTextStream {
  readonly #mask: (text: string) => string;
  #held = "";

  /** @param mask takes secrets out; it sees whole words only, so that none can slip by in halves. */
  constructor(mask: (text: string) => string) {
    this.#mask = mask;
  }

  /** Take a piece; gives what may be shown now. */
  push(piece: string): string {
    const text = this.#held + piece;
    const whole = text.replace(unfinished, "");
    const ready = whole.length === text.length ? whole.replace(unfinishedWord, "") : whole;
    const cut = text.length - ready.length > maxHeldChars ? text.length : ready.length;
    this.#held = text.slice(cut);
    return this.#clean(text.slice(0, cut));
  }

  /** What is left once nothing follows. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    return this.#clean(rest);
  }

  #clean(text: string): string {
    return this.#mask(terminalText(text));
  }
}

/** `plainText` with all line ends as `\n`. */
export function terminalText(text: string): string {
  return plainText(text).replace(/\r\n?/g, "\n");
}
