import { CodexError } from "../../shared/errors.ts";
import { act } from "../../shared/next-step.ts";
import type { FunctionCall, FunctionCallItem, OutputItem, ReasoningItem } from "../request/conversation.ts";
import type { StreamEmitter } from "./stream-emitter.ts";
import { type AnswerText, type PartialMessage, MessageBuffer, toAssistantMessage } from "./message-buffer.ts";
import type { MessageItem, ResponseEvent, Usage } from "./response-event.ts";
import { newSources, type Source } from "./sources.ts";

/** A part of the reasoning begins with its heading; the rest of it is not kept. */
const maxReasoningChars = 1_000;

/** Finds the heading of the reasoning summary's present part, as the part comes. */
class ReasoningHeading {
  #part = "";

  /** Another part begins. */
  begin(): void {
    this.#part = "";
  }

  add(delta: string): void {
    if (this.#part.length < maxReasoningChars) this.#part += delta.slice(0, maxReasoningChars);
  }

  get text(): string | undefined {
    return /\*\*(?<heading>[^*\n]{1,120})\*\*/.exec(this.#part)?.groups?.["heading"]?.trim();
  }
}

export interface ReplyOptions {
  /** Told what comes, as it comes. */
  emitter?: StreamEmitter | undefined;
  /** Calls count only where the question offered a function. Default true. */
  functionsOffered?: boolean;
}

/**
 * Folds a stream's events into the answer. A finished message replaces its own deltas; the list in
 * `response.completed` counts only where no message and no call came at all, since the service leaves
 * it empty (docs/wire.md §12).
 */
export class ReplyBuilder {
  readonly #maxChars: number;
  readonly #emitter: StreamEmitter | undefined;
  readonly #functionsOffered: boolean;
  #output: (PartialMessage | FunctionCallItem | ReasoningItem)[] = [];
  readonly #messages = new MessageBuffer((partial) => this.#output.push(partial));
  #characters = 0;
  /** Characters of everything that is kept. */
  #size = 0;
  #unreadable = false;
  readonly #callIds = new Set<string>();
  #unfinishedCalls = 0;
  /** True when the model wanted a function called that nobody offered. */
  calledUndeclaredFunction = false;
  readonly #heading = new ReasoningHeading();
  usage: Usage | undefined;

  constructor(maxChars: number, { emitter: live, functionsOffered = true }: ReplyOptions = {}) {
    this.#maxChars = maxChars;
    this.#emitter = live;
    this.#functionsOffered = functionsOffered;
  }

  /** Characters of answer text so far; reasoning and calls do not count. */
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
      case "text": {
        this.#grow(event.delta.length);
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
        // A call that is told twice must not be made twice.
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
        this.#heading.begin();
        this.#emitter?.reasoningPart();
        return false;
      case "reasoning":
        this.#heading.add(event.delta);
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
          this.#output = []; // reasoning that the list repeats
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

  /** The heading of the reasoning summary's present part, if it has one yet. */
  get heading(): string | undefined {
    return this.#heading.text;
  }

  /** True when a part is missing: an unreadable event that no finished message makes up for, or a call. */
  get isTruncated(): boolean {
    return this.#messages.lostText(this.#unreadable) || this.#unfinishedCalls > 0;
  }

  answer(): AnswerText {
    return this.#messages.answer();
  }

  /** What the answer cites, but for what stands in its text. */
  sources(): Source[] {
    return newSources(this.#messages.answer().text, this.#messages.sources());
  }

  get functionCalls(): FunctionCall[] {
    return this.#output.flatMap((part) =>
      part.type === "function_call" ? [{ callId: part.callId, name: part.name, arguments: part.arguments }] : [],
    );
  }

  /** Everything in its order, as the next turn of the conversation needs it. */
  items(): OutputItem[] {
    return this.#output.map((part) => (part.type === "piece" ? toAssistantMessage(part) : part));
  }

  /** True if text or a call has come, or a reader was given a call's start: no repetition may follow. */
  get hasOutput(): boolean {
    const started = this.#emitter?.callStarted === true;
    return started || this.answer().text.trim() !== "" || this.functionCalls.length > 0;
  }

  get #answered(): boolean {
    return this.#messages.hasText || this.#output.some(({ type }) => type === "function_call");
  }

  /** Counts only where nothing else of its message came. */
  #addPart({ text, refused, index = 0, item }: Extract<ResponseEvent, { type: "part" }>): void {
    if (text === "" || this.#messages.isFinished(item)) return;
    const partial = this.#messages.of(item);
    if (partial.hasDeltas || partial.parts.has(index)) return;
    this.#grow(text.length);
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
    this.#grow(text.length - partial.text.length);
    partial.message = message;
    partial.unreadable = false;
    // Where the deltas said something else, nobody can take that back.
    if (text.startsWith(partial.text)) this.#emitter?.text(partial, text.slice(partial.text.length));
  }

  #append(item: FunctionCallItem | ReasoningItem, characters: number): void {
    this.#bound(characters);
    this.#output.push(item);
  }

  #grow(characters: number): void {
    this.#characters += characters;
    this.#bound(characters);
  }

  #bound(characters: number): void {
    this.#size += characters;
    if (this.#size > this.#maxChars) {
      throw new CodexError("PROTOCOL", "The answer is too large to be taken.", {
        why: `It passed ${this.#maxChars.toLocaleString("en")} characters.`,
        next: [act("Ask for a shorter answer")],
      });
    }
  }
}
