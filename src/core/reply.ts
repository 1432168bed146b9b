import { CodexError } from "./errors.ts";
import type { ItemRef, MessageItem, ResponseEvent, Usage } from "./response-events.ts";

interface Piece {
  ref: ItemRef;
  /** What came in deltas. */
  text: string;
  message: MessageItem | undefined;
}

/** A part of the reasoning begins with its heading; the rest of it is not kept. */
const maxReasoningChars = 1_000;

/** What the stream has given, put together. */
export interface AnswerText {
  text: string;
  refused: boolean;
}

/**
 * Folds a stream's events into the answer. A finished message replaces its own deltas; the list in
 * `response.completed` counts only where no message came at all, since the service leaves it empty
 * (docs/wire.md §12).
 */
export class ReplyBuilder {
  readonly #maxChars: number;
  readonly #pieces: Piece[] = [];
  #current: Piece | undefined;
  #characters = 0;
  #unreadable = false;
  #reasoning = "";
  usage: Usage | undefined;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** Characters of answer text so far; reasoning does not count. */
  get characters(): number {
    return this.#characters;
  }

  /**
   * Take one event; true when it was the last one.
   *
   * @throws CodexError `PROTOCOL` when the answer grows beyond its bound.
   */
  add(event: ResponseEvent): boolean {
    switch (event.type) {
      case "text":
        this.#grow(event.delta.length);
        this.#piece(event.item).text += event.delta;
        return false;
      case "message": {
        const piece = this.#piece(event.item);
        this.#grow(event.message.text.length - piece.text.length);
        piece.message = event.message;
        return false;
      }
      case "reasoning-part":
        this.#reasoning = "";
        return false;
      case "reasoning":
        if (this.#reasoning.length < maxReasoningChars) {
          this.#reasoning += event.delta.slice(0, maxReasoningChars);
        }
        return false;
      case "unreadable":
        this.#unreadable = true;
        return false;
      case "completed":
        this.usage = event.usage;
        if (this.#pieces.length === 0) {
          for (const message of event.output) {
            this.#grow(message.text.length);
            this.#pieces.push({ ref: { index: undefined, id: undefined }, text: "", message });
          }
        }
        return true;
      case "incomplete":
        this.usage = event.usage;
        return true;
      case "failed":
        return true;
      case "quota":
      case "other":
        return false;
    }
  }

  /** The heading of the reasoning summary's present part, if it has one yet. */
  get heading(): string | undefined {
    return /\*\*(?<heading>[^*\n]{1,120})\*\*/.exec(this.#reasoning)?.groups?.["heading"]?.trim();
  }

  /** True when an event could not be read and no finished message makes up for what it held. */
  get damaged(): boolean {
    return this.#unreadable && this.#pieces.some((piece) => piece.message === undefined);
  }

  answer(): AnswerText {
    const final = this.#pieces.some((piece) => piece.message?.phase === "final_answer");
    const shown = this.#pieces.filter(
      (piece) => !final || piece.message === undefined || piece.message.phase !== "commentary",
    );
    return {
      text: shown
        .map((piece) => piece.message?.text ?? piece.text)
        .filter((text) => text !== "")
        .join("\n\n"),
      refused: shown.some((piece) => piece.message?.refused === true),
    };
  }

  #grow(characters: number): void {
    this.#characters += characters;
    if (this.#characters > this.#maxChars) {
      throw new CodexError("PROTOCOL", "The answer is too large to be taken.", {
        why: `It passed ${this.#maxChars.toLocaleString("en")} characters.`,
        next: "Ask for a shorter answer.",
      });
    }
  }

  #piece(ref: ItemRef): Piece {
    const current = this.#current;
    if (current !== undefined && current.message === undefined && belongs(current.ref, ref)) {
      return current;
    }
    return this.#otherPiece(ref);
  }

  #otherPiece(ref: ItemRef): Piece {
    const found = this.#pieces.find(
      (piece) => piece.message === undefined && belongs(piece.ref, ref),
    );
    const piece = found ?? { ref, text: "", message: undefined };
    if (found === undefined) this.#pieces.push(piece);
    this.#current = piece;
    return piece;
  }
}

/** References that name the same thing in one way, or of which one names nothing. */
function belongs(a: ItemRef, b: ItemRef): boolean {
  if (a.id !== undefined && a.id === b.id) return true;
  if (a.index !== undefined && b.index !== undefined) return a.index === b.index;
  if (a.id !== undefined && b.id !== undefined) return a.id === b.id;
  return true;
}
