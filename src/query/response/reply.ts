import type { CredentialKind } from "../../shared/credential-kind.ts";
import type { Quota } from "../../quota/quota.ts";
import type { FunctionCall, OutputItem } from "../request/conversation.ts";
import type { Usage } from "./response-event.ts";
import type { Source } from "./sources.ts";

/** One whole answer. */
export interface QueryReply {
  /** Empty if the model only calls functions. */
  text: string;
  /** The kind of credential that authorized the query. */
  mode: CredentialKind;
  /** True if the text is the model's refusal to answer. */
  refused: boolean;
  /** Pages that the answer cites, without those whose URL is in the text. */
  sources: readonly Source[];
  /** The calls that the model requests, in its order. */
  functionCalls: readonly FunctionCall[];
  /** The model's whole output; append it to the conversation before the next turn. */
  items: readonly OutputItem[];
  model: string;
  effort: string | undefined;
  usage: Usage | undefined;
  durationMs: number;
  quota: Quota | undefined;
  /** What differs from the request, one sentence each. */
  notices: readonly string[];
}

/** The progress of a running query. */
export type QueryProgress =
  | { type: "queued"; ahead: number }
  | { type: "sent" }
  | { type: "retry"; attempt: number; delayMs: number; reason: string }
  | { type: "thinking"; heading: string | undefined }
  | { type: "writing"; characters: number };
