import type { AssistantMessage } from "../request/conversation.ts";
import type { ItemRef, MessageItem } from "./response-event.ts";
import type { Source } from "./sources.ts";

/** A message while it streams. */
export interface PartialMessage {
  type: "partial";
  ref: ItemRef;
  /** From deltas, or else from finished parts. */
  text: string;
  /** True if the text is a refusal. */
  refused: boolean;
  /** True if deltas came: finished parts are ignored then. */
  hasDeltas: boolean;
  /** Indexes of the finished parts in the text. */
  parts: Set<number>;
  message: MessageItem | undefined;
  /** True if a delta was unreadable, until the finished message makes up for it. */
  unreadable: boolean;
}

export interface AnswerText {
  text: string;
  refused: boolean;
}

/** The messages of an answer, in order of their start. */
export class MessageBuffer {
  readonly #onNew: (partial: PartialMessage) => void;
  #messages: PartialMessage[] = [];
  #current: PartialMessage | undefined;

  constructor(onNew: (partial: PartialMessage) => void) {
    this.#onNew = onNew;
  }

  /** The unfinished message of an event; a new one if there is none. */
  of(ref: ItemRef): PartialMessage {
    const current = this.#current;
    if (current !== undefined && current.message === undefined && mayBelong(current.ref, ref)) return current;
    return (this.#current = this.#find(ref) ?? this.#start(ref));
  }

  /** True if the event refers to a finished message, or to no item right after a finished one. */
  isFinished(ref: ItemRef): boolean {
    const isNameless = ref.id === undefined && ref.index === undefined;
    if (isNameless) return this.#current?.message !== undefined;
    return this.#messages.some((partial) => partial.message !== undefined && isSameItem(partial.ref, ref));
  }

  get hasText(): boolean {
    return this.#messages.some((partial) => textOf(partial) !== "");
  }

  /**
   * True if a part of the text is missing.
   *
   * @param unreadable an event of an unknown message was unreadable
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

  /** Citations in the order of the text. */
  sources(): Source[] {
    return this.#visible().flatMap((partial) => partial.message?.sources ?? []);
  }

  clear(): void {
    this.#messages = [];
    this.#current = undefined;
  }

  /** Without the remarks before it, if there is a final answer. */
  #visible(): PartialMessage[] {
    const final = this.#messages.some((partial) => partial.message?.phase === "final_answer");
    return this.#messages.filter(
      (partial) => !final || partial.message === undefined || partial.message.phase !== "commentary",
    );
  }

  #find(ref: ItemRef): PartialMessage | undefined {
    return this.#messages.find((partial) => partial.message === undefined && mayBelong(partial.ref, ref));
  }

  #start(ref: ItemRef): PartialMessage {
    const partial: PartialMessage = {
      type: "partial",
      ref,
      text: "",
      refused: false,
      hasDeltas: false,
      parts: new Set(),
      message: undefined,
      unreadable: false,
    };
    this.#messages.push(partial);
    this.#onNew(partial);
    return partial;
  }
}

function textOf(partial: PartialMessage): string {
  return partial.message?.text ?? partial.text;
}

function isRefused(partial: PartialMessage): boolean {
  return partial.message?.refused ?? partial.refused;
}

/** True if both have the same id, or the same index. */
export function isSameItem(a: ItemRef, b: ItemRef): boolean {
  return (a.id !== undefined && a.id === b.id) || (a.index !== undefined && a.index === b.index);
}

/** True if the references do not contradict each other: the same item, or one of them is empty. */
function mayBelong(a: ItemRef, b: ItemRef): boolean {
  if (a.id !== undefined && a.id === b.id) return true;
  if (a.index !== undefined && b.index !== undefined) return a.index === b.index;
  if (a.id !== undefined && b.id !== undefined) return a.id === b.id;
  return true;
}

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
