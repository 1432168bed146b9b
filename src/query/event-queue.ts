import { CodexError } from "../shared/errors.ts";
import type { EventSink, EventStream, StreamEvent } from "./response/stream-event.ts";
import type { QueryReply } from "./response/reply.ts";
import { deferred, type Deferred } from "../platform/promises.ts";

type Result = IteratorResult<StreamEvent, undefined>;

/** Runs the query until it ends or the signal aborts. */
type RunQuery = (sink: EventSink, signal: AbortSignal) => Promise<QueryReply>;

/**
 * A query as an async iterable of events, with backpressure. The first `next` starts the query. A backlog of
 * `maxBacklogChars` pauses the connection. `return`, which leaving a loop calls, ends the query and waits until its
 * connection is closed.
 */
export class EventQueue implements EventStream, EventSink {
  readonly #run: RunQuery;
  readonly #maxBacklogChars: number;
  readonly #abandoned = new AbortController();
  /** Unread from `#next` on. */
  #events: StreamEvent[] = [];
  #next = 0;
  #backlogChars = 0;
  #resume: (() => void) | undefined;
  readonly #readers: Deferred<Result>[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  /** Thrown once, after the events that came before it. */
  #failure: { error: unknown } | undefined;

  constructor(run: RunQuery, maxBacklogChars: number) {
    this.#run = run;
    this.#maxBacklogChars = maxBacklogChars;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (!this.#closed) this.#running ??= this.#start();
    const event = this.#events[this.#next];
    if (event !== undefined) {
      this.#dequeued(event);
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#closed) return this.#end();
    const reader = deferred<Result>();
    this.#readers.push(reader);
    return reader.promise;
  }

  async return(): Promise<Result> {
    this.#finish();
    this.#clear();
    this.#failure = undefined;
    this.#abandoned.abort(new CodexError("CANCELLED", "The reader left."));
    await this.#running;
    return { done: true, value: undefined };
  }

  /** Ends the query, too: a generator that delegates to this one passes an error on. */
  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  push(event: StreamEvent): void {
    if (this.#closed) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: event });
      return;
    }
    this.#events.push(event);
    this.#backlogChars += size(event);
  }

  get needsDrain(): boolean {
    return this.#backlogChars >= this.#maxBacklogChars;
  }

  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  async #start(): Promise<void> {
    try {
      const reply = await this.#run(this, this.#abandoned.signal);
      for (const text of reply.notices) this.push({ type: "notice", text });
      if (reply.usage !== undefined) this.push({ type: "usage", usage: reply.usage });
      this.push({ type: "completed", reply });
    } catch (error) {
      if (!this.#closed) this.#failure = { error };
      // A reader that cancels wants no further events.
      if (error instanceof CodexError && error.code === "CANCELLED") this.#clear();
    }
    this.#finish();
  }

  #finish(): void {
    this.#closed = true;
    for (const reader of this.#readers.splice(0)) {
      this.#end().then(reader.resolve, reader.reject);
    }
  }

  async #end(): Promise<Result> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return Promise.resolve({ done: true, value: undefined });
  }

  #dequeued(event: StreamEvent): void {
    this.#backlogChars -= size(event);
    this.#next++;
    if (this.#next === this.#events.length) this.#clear();
    // Resumes at half, so that the connection does not pause and resume for each event.
    if (this.#backlogChars > this.#maxBacklogChars / 2) return;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  #clear(): void {
    this.#events = [];
    this.#next = 0;
    this.#backlogChars = 0;
  }
}

/** Roughly the characters in memory. */
function size(event: StreamEvent): number {
  const overhead = 100;
  if ("delta" in event) return overhead + event.delta.length;
  return event.type === "function_call" ? overhead + event.arguments.length : overhead;
}
