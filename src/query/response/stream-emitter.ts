import type { FunctionCallItem } from "../request/conversation.ts";
import { isSameItem } from "./message-buffer.ts";
import type { CallStart, ItemRef } from "./response-event.ts";
import type { EventSink } from "./stream-event.ts";

/** Emits the parts of a reply as stream events. */
export class StreamEmitter {
  readonly #sink: Pick<EventSink, "push">;
  /** Blank text at the start is held back: the query may still be retried, since no answer has begun. */
  #leadingBlank = "";
  #hasText = false;
  #message: object | undefined;
  readonly #startedCalls = new Set<string>();
  /** Calls that were started and aren't whole yet. */
  #openCalls: { callId: string; ref: ItemRef }[] = [];
  #reasoningPart: "none" | "open" | "ended" = "none";

  constructor(sink: Pick<EventSink, "push">) {
    this.#sink = sink;
  }

  /** @param message identifies the message of the text */
  text(message: object, delta: string): void {
    if (delta === "") return;
    const separator = this.#message !== undefined && this.#message !== message ? "\n\n" : "";
    this.#message = message;
    const text = `${this.#leadingBlank}${separator}${delta}`;
    this.#hasText ||= text.trim() !== "";
    this.#leadingBlank = this.#hasText ? "" : text;
    if (this.#hasText) this.#sink.push({ type: "text", delta: text });
  }

  reasoning(delta: string): void {
    const separator = this.#reasoningPart === "ended" ? "\n\n" : "";
    this.#reasoningPart = "open";
    this.#sink.push({ type: "reasoning", delta: `${separator}${delta}` });
  }

  reasoningPart(): void {
    if (this.#reasoningPart === "open") this.#reasoningPart = "ended";
  }

  /** @param ref the item that the deltas will refer to */
  callStart({ callId, name }: CallStart, ref: ItemRef): void {
    if (this.#startedCalls.has(callId)) return;
    this.#startedCalls.add(callId);
    this.#openCalls.push({ callId, ref });
    this.#sink.push({ type: "function_call_start", callId, name });
  }

  /** Ignored without a started call of this item. */
  callDelta(ref: ItemRef, delta: string): void {
    const call = this.#openCalls.find((open) => isSameItem(open.ref, ref));
    if (call === undefined || delta === "") return;
    this.#sink.push({ type: "function_call_delta", callId: call.callId, delta });
  }

  /** True if a call was emitted, whole or not. */
  get callStarted(): boolean {
    return this.#startedCalls.size > 0;
  }

  call({ callId, name, arguments: json }: FunctionCallItem): void {
    this.#openCalls = this.#openCalls.filter((open) => open.callId !== callId);
    this.#sink.push({ type: "function_call", callId, name, arguments: json });
  }
}
