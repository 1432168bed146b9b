import { CodexError } from "../../shared/errors.ts";
import { act } from "../../shared/next-step.ts";
import type { FunctionCall, FunctionCallItem, OutputItem, ReasoningItem } from "../request/conversation.ts";
import type { StreamEmitter } from "./stream-emitter.ts";
import { type AnswerText, type PartialMessage, MessageBuffer, toAssistantMessage } from "./message-buffer.ts";
import type { MessageItem, ResponseEvent, Usage } from "./response-event.ts";
import { newSources, type Source } from "./sources.ts";

/** Enough for the heading at the start of a reasoning part; the rest is dropped. */
const maxReasoningChars = 1_000;

interface ReplyOptions {
  /** Gets the parts as they stream. */
  emitter?: StreamEmitter | undefined;
  /** False: calls are ignored. Default true. */
  functionsOffered?: boolean;
}

/**
 * Folds a stream's events into the answer. A finished message replaces its deltas. The output of `response.completed`
 * counts only if no text and no call came, since the service leaves it empty (docs/wire.md §12).
 */
export class ReplyBuilder {
  readonly #maxChars: number;
  readonly #emitter: StreamEmitter | undefined;
  readonly #functionsOffered: boolean;
  #output: (PartialMessage | FunctionCallItem | ReasoningItem)[] = [];
  readonly #messages = new MessageBuffer((partial) => this.#output.push(partial));
  #characters = 0;
  /** Characters of everything in memory. */
  #size = 0;
  #unreadable = false;
  readonly #callIds = new Set<string>();
  #unfinishedCalls = 0;
  /** True if the model called a function although none was offered. */
  calledUndeclaredFunction = false;
  /** The start of the present part of the reasoning summary. */
  #reasoning = "";
  usage: Usage | undefined;

  constructor(maxChars: number, { emitter, functionsOffered = true }: ReplyOptions = {}) {
    this.#maxChars = maxChars;
    this.#emitter = emitter;
    this.#functionsOffered = functionsOffered;
  }

  /** Characters of answer text so far, without reasoning and calls. */
  get characters(): number {
    return this.#characters;
  }

  /**
   * Adds one event; true if it is terminal.
   *
   * @throws CodexError `PROTOCOL` if the answer exceeds `maxChars`
   */
  add(event: ResponseEvent): boolean {
    switch (event.type) {
      case "text": {
        this.#addText(event.delta.length);
        const partial = this.#messages.of(event.item);
        partial.text += event.delta;
        partial.hasDeltas = true;
        partial.refused ||= event.refused === true;
        this.#emitter?.text(partial, event.delta);
        return false;
      }
      case "part":
        this.#addPart(event);
        return false;
      case "message":
        this.#finish(this.#messages.of(event.item), event.message);
        return false;
      case "call-begun":
        if (!this.#functionsOffered) return false;
        this.#unfinishedCalls++;
        if (event.call !== undefined && !this.#callIds.has(event.call.callId)) {
          this.#emitter?.callStart(event.call, event.item);
        }
        return false;
      case "call-delta":
        this.#emitter?.callDelta(event.item, event.delta);
        return false;
      case "call":
        if (!this.#functionsOffered) {
          this.calledUndeclaredFunction = true;
          return false;
        }
        // A repeated call must run once only.
        if (this.#callIds.has(event.item.callId)) return false;
        this.#callIds.add(event.item.callId);
        this.#append(event.item, event.item.arguments.length);
        this.#unfinishedCalls = Math.max(0, this.#unfinishedCalls - 1);
        this.#emitter?.call(event.item);
        return false;
      case "reasoning-item":
        this.#append(event.item, event.item.encryptedContent.length);
        return false;
      case "reasoning-part":
        this.#reasoning = "";
        this.#emitter?.reasoningPart();
        return false;
      case "reasoning":
        if (this.#reasoning.length < maxReasoningChars) this.#reasoning += event.delta.slice(0, maxReasoningChars);
        this.#emitter?.reasoning(event.delta);
        return false;
      case "unreadable":
        if (event.item === undefined) this.#unreadable = true;
        else if (!this.#messages.isFinished(event.item)) {
          this.#messages.of(event.item).unreadable = true;
        }
        return false;
      case "completed":
        this.usage = event.usage;
        if (!this.#answered && event.output.length > 0) {
          this.#output = []; // the list repeats the reasoning
          this.#messages.clear();
          for (const item of event.output) this.add(item);
        }
        return true;
      case "incomplete":
        this.usage = event.usage;
        return true;
      case "failed":
        return true;
      case "quota":
      case "model":
      case "other":
        return false;
    }
  }

  /** The heading of the present part of the reasoning summary, if it has come. */
  get heading(): string | undefined {
    return /\*\*(?<heading>[^*\n]{1,120})\*\*/.exec(this.#reasoning)?.groups?.["heading"]?.trim();
  }

  /** True if a call is unfinished, or no finished message makes up for an unreadable event. */
  get isTruncated(): boolean {
    return this.#messages.lostText(this.#unreadable) || this.#unfinishedCalls > 0;
  }

  answer(): AnswerText {
    return this.#messages.answer();
  }

  /** Citations, without those whose URL is in the text. */
  sources(): Source[] {
    return newSources(this.answer().text, this.#messages.sources());
  }

  get functionCalls(): FunctionCall[] {
    return this.#output.flatMap((part) =>
      part.type === "function_call" ? [{ callId: part.callId, name: part.name, arguments: part.arguments }] : [],
    );
  }

  /** The output in its order, for the next turn of the conversation. */
  items(): OutputItem[] {
    return this.#output.map((part) => (part.type === "partial" ? toAssistantMessage(part) : part));
  }

  /** True if text or a call has come, or the start of a call was emitted. The query may not be retried then. */
  get hasOutput(): boolean {
    const started = this.#emitter?.callStarted === true;
    return started || this.answer().text.trim() !== "" || this.functionCalls.length > 0;
  }

  get #answered(): boolean {
    return this.#messages.hasText || this.#output.some(({ type }) => type === "function_call");
  }

  /** A finished part counts only if its deltas or the same part have not come. */
  #addPart({ text, refused, index = 0, item }: Extract<ResponseEvent, { type: "part" }>): void {
    if (text === "" || this.#messages.isFinished(item)) return;
    const partial = this.#messages.of(item);
    if (partial.hasDeltas || partial.parts.has(index)) return;
    this.#addText(text.length);
    partial.parts.add(index);
    partial.text += text;
    partial.refused ||= refused;
    this.#emitter?.text(partial, text);
  }

  #finish(partial: PartialMessage, message: MessageItem): void {
    if (message.text === "" && partial.text !== "") {
      const { text } = partial;
      partial.message = { ...message, text, refused: message.refused || partial.refused };
      return;
    }
    const { text } = message;
    this.#addText(text.length - partial.text.length);
    partial.message = message;
    partial.unreadable = false;
    // Emitted deltas cannot be taken back if the finished text differs.
    if (text.startsWith(partial.text)) this.#emitter?.text(partial, text.slice(partial.text.length));
  }

  #append(item: FunctionCallItem | ReasoningItem, characters: number): void {
    this.#addSize(characters);
    this.#output.push(item);
  }

  #addText(characters: number): void {
    this.#characters += characters;
    this.#addSize(characters);
  }

  /** Bounds memory. */
  #addSize(characters: number): void {
    this.#size += characters;
    if (this.#size > this.#maxChars) {
      throw new CodexError("PROTOCOL", "The answer is too large to be taken.", {
        why: `It passed ${this.#maxChars.toLocaleString("en")} characters.`,
        next: [act("Ask for a shorter answer")],
      });
    }
  }
}
