import type { FunctionCallItem } from "./conversation.ts";
import type { StreamEvent } from "./query-events.ts";

/** Turns what a reply is put together from into the events that a program sees as they come. */
export class LiveEvents {
  readonly #tell: (event: StreamEvent) => void;
  /** Blank text at the start: an answer has not begun with it, and may still be asked for again. */
  #blank = "";
  #begun = false;
  #message: object | undefined;
  #reasoningPart: "none" | "open" | "ended" = "none";

  constructor(tell: (event: StreamEvent) => void) {
    this.#tell = tell;
  }

  /** @param message stands for the message that the text belongs to */
  text(message: object, delta: string): void {
    if (delta === "") return;
    const apart = this.#message !== undefined && this.#message !== message ? "\n\n" : "";
    this.#message = message;
    const text = `${this.#blank}${apart}${delta}`;
    this.#begun ||= text.trim() !== "";
    this.#blank = this.#begun ? "" : text;
    if (this.#begun) this.#tell({ type: "text", delta: text });
  }

  reasoning(delta: string): void {
    const apart = this.#reasoningPart === "ended" ? "\n\n" : "";
    this.#reasoningPart = "open";
    this.#tell({ type: "reasoning", delta: `${apart}${delta}` });
  }

  reasoningPart(): void {
    if (this.#reasoningPart === "open") this.#reasoningPart = "ended";
  }

  call({ callId, name, arguments: json }: FunctionCallItem): void {
    this.#tell({ type: "function_call", callId, name, arguments: json });
  }
}
