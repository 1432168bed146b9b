import type { FunctionCall } from "./conversation.ts";
import type { QueryReply } from "./query.ts";
import type { Usage } from "./response-events.ts";

/** What `client.stream` gives, as it comes. `completed` is the last one of a whole answer. */
export type StreamEvent =
  /** Answer text to append; `completed` has the text without the remarks on the way to it. */
  | { type: "text"; delta: string }
  /** Summary of the reasoning to append; a part begins with its heading in `**`. */
  | { type: "reasoning"; delta: string }
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
