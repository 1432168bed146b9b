/* eslint-disable no-control-regex -- control characters are what this file is about */
import { plainText, withoutControls } from "./text.ts";

/** The beginning of an escape sequence that may still go on. */
const unfinishedSequence = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b\r\n]*\u001b?)?$/;
/** The beginning of a line end, of a surrogate pair, or of a word as tokens and codes are. */
const unfinishedWord = /(?:\r|[\ud800-\udbff]|[\w.~+/=-]+)$/;
/** What waits longer for its end is let go: it is neither a word nor a sequence. */
const maxHeldChars = 4_096;

/**
 * `terminalText` for text that comes in pieces: what a piece breaks off is held until it can be judged.
 */
export class PlainTextStream {
  readonly #mask: (text: string) => string;
  /** As it came. */
  #heldRaw = "";
  /** Without escape sequences and controls. */
  #heldText = "";

  /** @param mask takes secrets out; it sees whole words only, so that none can slip by in halves. */
  constructor(mask: (text: string) => string) {
    this.#mask = mask;
  }

  /** Take a piece; gives what may be shown now. */
  push(piece: string): string {
    const [raw, heldRaw] = split(this.#heldRaw + piece, unfinishedSequence);
    this.#heldRaw = heldRaw;
    const [text, heldText] = split(this.#heldText + withoutControls(raw), unfinishedWord);
    this.#heldText = heldText;
    return this.#mask(terminalText(text));
  }

  /** What is left once nothing follows. */
  end(): string {
    const rest = this.#heldText + withoutControls(this.#heldRaw);
    this.#heldRaw = this.#heldText = "";
    return this.#mask(terminalText(rest));
  }
}

/** What may go on and what is held. */
function split(text: string, unfinished: RegExp): [string, string] {
  const ready = text.replace(unfinished, "");
  if (text.length - ready.length > maxHeldChars) return [text, ""];
  return [ready, text.slice(ready.length)];
}

/** `plainText` with all line ends as `\n`: a lone return would let a terminal write over a line. */
export function terminalText(text: string): string {
  return plainText(text).replace(/\r\n?/g, "\n");
}
