import type { FunctionCall } from "../request/conversation.ts";
import type { QueryReply } from "./reply.ts";
import type { Usage } from "./response-event.ts";

/** Where a query puts its events while somebody reads them, slowly perhaps. */
export interface EventSink {
  push(event: StreamEvent): void;
  /** True when so much waits to be read that no more should be brought. */
  readonly needsDrain: boolean;
  /** Calls back once, when enough has been read. */
  onDrain(resume: () => void): void;
}

/** What `client.stream` gives, as it comes. `completed` is the last one of a whole answer. */
export type StreamEvent =
  /** Answer text to append; `completed` has the text without the remarks on the way to it. */
  | { type: "text"; delta: string }
  /** Summary of the reasoning to append; a part begins with its heading in `**`. */
  | { type: "reasoning"; delta: string }
  /** The model has begun a call; `function_call` with the same id ends it in a whole answer. */
  | ({ type: "function_call_start" } & Pick<FunctionCall, "callId" | "name">)
  /** Arguments of a started call to append. They can have gaps; `function_call` has the whole. */
  | { type: "function_call_delta"; callId: string; delta: string }
  /** A whole call. Few come without a start before them. */
  | ({ type: "function_call" } & FunctionCall)
  | { type: "usage"; usage: Usage }
  /** What was not done as asked, one sentence. */
  | { type: "notice"; text: string }
  | { type: "completed"; reply: QueryReply };

/** A query under way; a loop over it (`for await`) is all that most programs need. */
export interface EventStream extends AsyncIterable<StreamEvent> {
  [Symbol.asyncIterator](): EventStream;
  /** The next event; throws a CodexError where the query failed. The first call begins the query. */
  next(): Promise<IteratorResult<StreamEvent, undefined>>;
  /** End the query; resolves when its connection is closed. Leaving a loop calls it. */
  return(): Promise<IteratorResult<StreamEvent, undefined>>;
  /** As `return`, then rejects with the error. */
  throw(error: unknown): Promise<IteratorResult<StreamEvent, undefined>>;
}
