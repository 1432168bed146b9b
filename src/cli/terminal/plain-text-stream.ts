import type { Redactor } from "../../shared/redactor.ts";
import { incompleteSequence, plainText, withoutControls } from "../../shared/text.ts";

/** The first half of a line end or a surrogate pair. */
const firstHalf = /[\r\ud800-\udbff]$/;
/** A longer sequence is none; a word is buffered at least as long as the longest secret. */
const maxPendingChars = 4_096;

/** `terminalText` for text in chunks: what a chunk may have cut off is buffered until it is complete. */
export class PlainTextStream {
  readonly #secrets: Pick<Redactor, "redactSecrets" | "longest">;
  /** Unprocessed: an incomplete escape sequence. */
  #pendingRaw = "";
  /** Without escape sequences and control characters. */
  #pendingText = "";

  /** @param secrets redacts whole words only, so that no secret passes in halves */
  constructor(secrets: Pick<Redactor, "redactSecrets" | "longest">) {
    this.#secrets = secrets;
  }

  /** Takes a chunk; returns what can be shown now. */
  push(chunk: string): string {
    const raw = this.#pendingRaw + chunk;
    const sequence = raw.search(incompleteSequence);
    const whole = sequence === -1 || raw.length - sequence > maxPendingChars;
    this.#pendingRaw = whole ? "" : raw.slice(sequence);
    return this.#release(withoutControls(whole ? raw : raw.slice(0, sequence)));
  }

  /** Returns the rest, at the end of the text. */
  end(): string {
    const rest = this.#pendingText + withoutControls(this.#pendingRaw);
    this.#pendingRaw = this.#pendingText = "";
    return this.#redact(rest);
  }

  #release(text: string): string {
    const end = incompleteFrom(text);
    if (end === 0 && !firstHalf.test(text)) {
      this.#pendingText += text; // the word continues
      return this.#overflow();
    }
    const ready = this.#pendingText + text.slice(0, end);
    this.#pendingText = text.slice(end);
    return this.#redact(ready) + this.#overflow();
  }

  /**
   * Releases the beginning of a word that is too long. Once the whole secrets in it are redacted, another one can only
   * begin near its end. Half is released at once, so that a long word isn't searched again for each chunk.
   */
  #overflow(): string {
    const keep = Math.max(maxPendingChars, this.#secrets.longest);
    if (this.#pendingText.length <= 2 * keep) return "";
    const masked = this.#redact(this.#pendingText);
    this.#pendingText = masked.slice(-keep);
    return masked.slice(0, -keep);
  }

  #redact(text: string): string {
    return this.#secrets.redactSecrets(terminalText(text));
  }
}

/** The index of the part at the end that may continue: a first half, or a word, as tokens and codes are. */
function incompleteFrom(text: string): number {
  if (firstHalf.test(text)) return text.length - 1;
  let at = text.length;
  while (at > 0 && isWordCharacter(text.charCodeAt(at - 1))) at--;
  return at;
}

/** The characters of tokens: `!` to `~`. */
function isWordCharacter(code: number): boolean {
  return code >= 0x21 && code <= 0x7e;
}

/** `plainText` with all line ends as `\n`: a lone `\r` would overwrite the line in a terminal. */
export function terminalText(text: string): string {
  return plainText(text).replace(/\r\n?/g, "\n");
}
