import type { FunctionCallItem } from "../request/conversation.ts";
import type { EventSink } from "./stream-event.ts";

/** Turns what a reply is put together from into the events that a program sees as they come. */
export class LiveEvents {
  readonly #sink: Pick<EventSink, "push">;
  /** Blank text at the start: an answer has not begun with it, and may still be asked for again. */
  #blank = "";
  #begun = false;
  #message: object | undefined;
  #reasoningPart: "none" | "open" | "ended" = "none";

  constructor(sink: Pick<EventSink, "push">) {
    this.#sink = sink;
  }

  /** @param message stands for the message that the text belongs to */
  text(message: object, delta: string): void {
    if (delta === "") return;
    const apart = this.#message !== undefined && this.#message !== message ? "\n\n" : "";
    this.#message = message;
    const text = `${this.#blank}${apart}${delta}`;
    this.#begun ||= text.trim() !== "";
    this.#blank = this.#begun ? "" : text;
    if (this.#begun) this.#sink.push({ type: "text", delta: text });
  }

  reasoning(delta: string): void {
    const apart = this.#reasoningPart === "ended" ? "\n\n" : "";
    this.#reasoningPart = "open";
    this.#sink.push({ type: "reasoning", delta: `${apart}${delta}` });
  }

  reasoningPart(): void {
    if (this.#reasoningPart === "open") this.#reasoningPart = "ended";
  }

  call({ callId, name, arguments: json }: FunctionCallItem): void {
    this.#sink.push({ type: "function_call", callId, name, arguments: json });
  }
}
