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
