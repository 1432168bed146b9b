import type { CredentialKind } from "../../api/credential.ts";
import type { Quota } from "../../quota/quota.ts";
import type { FunctionCall, OutputItem } from "../request/conversation.ts";
import type { Usage } from "./response-event.ts";
import type { Source } from "./sources.ts";

/** One whole answer. */
export interface QueryReply {
  /** Empty where the model only calls functions. */
  text: string;
  /** How the question was paid for. */
  mode: CredentialKind;
  /** True when the text is the model's refusal to answer. */
  refused: boolean;
  /** Pages that the answer cites, without those whose URL stands in the text. */
  sources: readonly Source[];
  /** What the model wants called, in its order. */
  functionCalls: readonly FunctionCall[];
  /** Everything that the model gave; append it to the conversation before the next turn. */
  items: readonly OutputItem[];
  model: string;
  effort: string | undefined;
  usage: Usage | undefined;
  durationMs: number;
  quota: Quota | undefined;
  /** What was not done as asked, one sentence each. */
  notices: readonly string[];
}
/** What a query tells while it runs. */
export type QueryProgress =
  | { type: "queued"; ahead: number }
  | { type: "sent" }
  | { type: "retry"; attempt: number; delayMs: number; reason: string }
  | { type: "thinking"; heading: string | undefined }
  | { type: "writing"; characters: number };
