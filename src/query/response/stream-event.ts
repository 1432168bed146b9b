import type { FunctionCall } from "../request/conversation.ts";
import type { QueryReply } from "./reply.ts";
import type { Usage } from "./response-event.ts";

/** Takes the events of a query, with backpressure for slow readers. */
export interface EventSink {
  push(event: StreamEvent): void;
  /** True if the backlog is full: pause the source. */
  readonly needsDrain: boolean;
  /** Calls back once, when the backlog is small enough. */
  onDrain(resume: () => void): void;
}

/** An event of `stream`. `completed` is the last one of a whole answer. */
export type StreamEvent =
  /** Answer text to append; `completed` has the text without the remarks before the answer. */
  | { type: "text"; delta: string }
  /** Reasoning summary to append; each part begins with its heading in `**`. */
  | { type: "reasoning"; delta: string }
  /** The start of a call; in a whole answer, `function_call` with the same id follows. */
  | ({ type: "function_call_start" } & Pick<FunctionCall, "callId" | "name">)
  /** Arguments of a started call to append. They can have gaps; `function_call` has all of them. */
  | { type: "function_call_delta"; callId: string; delta: string }
  /** A whole call, in few cases without a start before it. */
  | ({ type: "function_call" } & FunctionCall)
  | { type: "usage"; usage: Usage }
  /** What differs from the request, one sentence. */
  | { type: "notice"; text: string }
  | { type: "completed"; reply: QueryReply };

/** A query's events; most programs need only a `for await` loop over it. */
export interface EventStream extends AsyncIterable<StreamEvent> {
  [Symbol.asyncIterator](): EventStream;
  /** The next event. The first call starts the query. @throws CodexError if the query failed */
  next(): Promise<IteratorResult<StreamEvent, undefined>>;
  /** Ends the query; resolves once its connection is closed. Leaving a loop calls it. */
  return(): Promise<IteratorResult<StreamEvent, undefined>>;
  /** Like `return`, then rejects with the error. */
  throw(error: unknown): Promise<IteratorResult<StreamEvent, undefined>>;
}
