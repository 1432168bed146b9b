import type { AssistantMessage } from "../request/conversation.ts";
import type { ItemRef, MessageItem } from "./response-event.ts";
import type { Source } from "./sources.ts";

/** A message of the answer while it comes. */
export interface PartialMessage {
  type: "piece";
  ref: ItemRef;
  /** What came in deltas, or else in finished parts. */
  text: string;
  /** True when that is a refusal. */
  refused: boolean;
  /** True when deltas came: no part is needed then. */
  hasDeltas: boolean;
  /** The finished parts that are in the text, by their index. */
  parts: Set<number>;
  message: MessageItem | undefined;
  /** True when a delta had no readable text, and nothing has made up for it. */
  unreadable: boolean;
}

/** What the stream has given, put together. */
export interface AnswerText {
  text: string;
  refused: boolean;
}

/** The messages of an answer, in the order in which they began. */
export class MessageBuffer {
  readonly #onNew: (partial: PartialMessage) => void;
  #messages: PartialMessage[] = [];
  #current: PartialMessage | undefined;

  constructor(onNew: (partial: PartialMessage) => void) {
    this.#onNew = onNew;
  }

  /** The unfinished message that an event belongs to, begun where there is none. */
  of(ref: ItemRef): PartialMessage {
    const current = this.#current;
    if (current !== undefined && current.message === undefined && mayBelong(current.ref, ref)) {
      return current;
    }
    return this.#other(ref);
  }

  /** True for an event that names a finished message, or nothing right after one. */
  isFinished(ref: ItemRef): boolean {
    const isNameless = ref.id === undefined && ref.index === undefined;
    if (isNameless) return this.#current?.message !== undefined;
    return this.#messages.some((partial) => partial.message !== undefined && isSameItem(partial.ref, ref));
  }

  get hasText(): boolean {
    return this.#messages.some((partial) => textOf(partial) !== "");
  }

  /**
   * True when a part of the text is missing.
   *
   * @param unreadable some event could not be read, of whatever message
   */
  lostText(unreadable: boolean): boolean {
    return this.#messages.some((partial) => partial.unreadable || (unreadable && partial.message === undefined));
  }

  answer(): AnswerText {
    const shown = this.#visible();
    return {
      text: shown
        .map(textOf)
        .filter((text) => text !== "")
        .join("\n\n"),
      refused: shown.some(isRefused),
    };
  }

  /** What the answer cites, in its order. */
  sources(): Source[] {
    return this.#visible().flatMap((partial) => partial.message?.sources ?? []);
  }

  clear(): void {
    this.#messages = [];
    this.#current = undefined;
  }

  /** With a final answer the remarks on the way to it are left out. */
  #visible(): PartialMessage[] {
    const final = this.#messages.some((partial) => partial.message?.phase === "final_answer");
    return this.#messages.filter(
      (partial) => !final || partial.message === undefined || partial.message.phase !== "commentary",
    );
  }

  #other(ref: ItemRef): PartialMessage {
    const found = this.#messages.find((partial) => partial.message === undefined && mayBelong(partial.ref, ref));
    const partial: PartialMessage = found ?? {
      type: "piece",
      ref,
      text: "",
      refused: false,
      hasDeltas: false,
      parts: new Set(),
      message: undefined,
      unreadable: false,
    };
    if (found === undefined) {
      this.#messages.push(partial);
      this.#onNew(partial);
    }
    this.#current = partial;
    return partial;
  }
}

function textOf(partial: PartialMessage): string {
  return partial.message?.text ?? partial.text;
}

function isRefused(partial: PartialMessage): boolean {
  return partial.message?.refused ?? partial.refused;
}

/** References that name the same thing in one way. */
export function isSameItem(a: ItemRef, b: ItemRef): boolean {
  return (a.id !== undefined && a.id === b.id) || (a.index !== undefined && a.index === b.index);
}

/** References that name the same thing in one way, or of which one names nothing. */
function mayBelong(a: ItemRef, b: ItemRef): boolean {
  if (a.id !== undefined && a.id === b.id) return true;
  if (a.index !== undefined && b.index !== undefined) return a.index === b.index;
  if (a.id !== undefined && b.id !== undefined) return a.id === b.id;
  return true;
}

/** As the next turn of the conversation needs it. */
export function toAssistantMessage(partial: PartialMessage): AssistantMessage {
  const phase = partial.message?.phase;
  return {
    type: "message",
    role: "assistant",
    text: textOf(partial),
    ...(isRefused(partial) ? { refused: true } : {}),
    ...(phase === undefined ? {} : { phase }),
  };
}
