/* eslint-disable no-control-regex -- control characters are what this file is about */
import { plainText, withoutControls } from "../../shared/text.ts";

/** The beginning of an escape sequence that may still go on. */
const unfinishedSequence = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b\r\n]*\u001b?)?$/;
/** The beginning of a line end or of a surrogate pair. */
const half = /[\r\ud800-\udbff]$/;
/** A sequence that waits longer for its end is none; a word is held as long as the longest secret. */
const maxHeldChars = 4_096;

/** Takes secrets out of text (`Redactor`). */
export interface KnownSecrets {
  redactSecrets: (text: string) => string;
  /** Characters of the longest of them. */
  readonly longest: number;
}

/**
 * `terminalText` for text that comes in pieces: what a piece breaks off is held until it can be judged.
 */
export class PlainTextStream {
  readonly #secrets: KnownSecrets;
  /** As it came. */
  #heldRaw = "";
  /** Without escape sequences and controls. */
  #heldText = "";

  /** @param secrets taken out; they see whole words only, so that none can slip by in halves. */
  constructor(secrets: KnownSecrets) {
    this.#secrets = secrets;
  }

  /** Take a piece; gives what may be shown now. */
  push(piece: string): string {
    const raw = this.#heldRaw + piece;
    const sequence = raw.search(unfinishedSequence);
    const whole = sequence === -1 || raw.length - sequence > maxHeldChars;
    this.#heldRaw = whole ? "" : raw.slice(sequence);
    return this.#judge(withoutControls(whole ? raw : raw.slice(0, sequence)));
  }

  /** What is left once nothing follows. */
  end(): string {
    const rest = this.#heldText + withoutControls(this.#heldRaw);
    this.#heldRaw = this.#heldText = "";
    return this.#show(rest);
  }

  #judge(text: string): string {
    const end = unfinishedFrom(text);
    if (end === 0 && !half.test(text)) {
      this.#heldText += text; // the word goes on
      return this.#overflow();
    }
    const ready = this.#heldText + text.slice(0, end);
    this.#heldText = text.slice(end);
    return this.#show(ready) + this.#overflow();
  }

  /**
   * Of a word that is far too long its end stays: once the whole secrets are out, another one can only
   * have begun there. Half of it goes at once, so that a long word is not searched again for each piece.
   */
  #overflow(): string {
    const kept = Math.max(maxHeldChars, this.#secrets.longest);
    if (this.#heldText.length <= 2 * kept) return "";
    const masked = this.#show(this.#heldText);
    this.#heldText = masked.slice(-kept);
    return masked.slice(0, -kept);
  }

  #show(text: string): string {
    return this.#secrets.redactSecrets(terminalText(text));
  }
}

/** Where the end of a text begins that may still go on: a half, or a word as tokens and codes are. */
function unfinishedFrom(text: string): number {
  if (half.test(text)) return text.length - 1;
  let at = text.length;
  while (at > 0 && isOfWord(text.charCodeAt(at - 1))) at--;
  return at;
}

/** What a token may have: `!` to `~`. */
function isOfWord(code: number): boolean {
  return code >= 0x21 && code <= 0x7e;
}

/** `plainText` with all line ends as `\n`: a lone return would let a terminal write over a line. */
export function terminalText(text: string): string {
  return plainText(text).replace(/\r\n?/g, "\n");
}
