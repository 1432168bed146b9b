import type { FunctionCall, FunctionCallItem, ReasoningItem } from "../request/conversation.ts";
import type { Quota } from "../../quota/quota.ts";
import type { Source } from "./sources.ts";

/** Token counts of a response; undefined if the service does not report them. */
export interface Usage {
  inputTokens: number | undefined;
  cachedInputTokens: number | undefined;
  outputTokens: number | undefined;
  reasoningTokens: number | undefined;
}

/** The output item of an event; the service gives index, id, both or neither. */
export interface ItemRef {
  index: number | undefined;
  id: string | undefined;
}

/** The part of a call that is known at its start. */
export type CallStart = Pick<FunctionCall, "callId" | "name">;

/** A finished assistant message. */
export interface MessageItem {
  text: string;
  /** True if the text is the model's refusal. */
  refused: boolean;
  /** "commentary" for remarks before the answer (docs/wire.md §12). */
  phase: string | undefined;
  /** Citations, repeated ones included. */
  sources?: readonly Source[];
}

/** A failure that the service reports in the stream. */
export interface StreamFailure {
  code: string | undefined;
  type: string | undefined;
  message: string;
  /** The request field that the service names. */
  param: string | undefined;
  /** The HTTP status, 400 to 599, beside the error. */
  status: number | undefined;
  /** Epoch ms. */
  resetsAt: number | undefined;
  retryAfterMs: number | undefined;
  /** From the headers in the event. */
  quota: Quota | undefined;
}

/** A finished output item. */
export type ItemEvent =
  | { type: "message"; item: ItemRef; message: MessageItem }
  | { type: "call"; item: FunctionCallItem }
  | { type: "reasoning-item"; item: ReasoningItem };

/** The stream's events, parsed; kinds without use are "other". */
export type ResponseEvent =
  | { type: "text"; delta: string; item: ItemRef; refused?: true }
  /** A finished part of a message; repeats its deltas, if they came. */
  | { type: "part"; text: string; refused: boolean; index: number | undefined; item: ItemRef }
  | { type: "reasoning"; delta: string }
  | { type: "reasoning-part" }
  | ItemEvent
  /** The start of a call; the whole call follows. `call` is undefined if the service doesn't name it. */
  | { type: "call-begun"; item: ItemRef; call: CallStart | undefined }
  /** Arguments of a started call. */
  | { type: "call-delta"; item: ItemRef; delta: string }
  | { type: "quota"; quota: Quota }
  /** The model that answers. */
  | { type: "model"; model: string }
  | {
      type: "completed";
      usage: Usage | undefined;
      output: readonly ItemEvent[];
      model?: string | undefined;
      /** False if the model wanted another turn. */
      endTurn?: boolean | undefined;
    }
  | { type: "incomplete"; reason: string | undefined; usage: Usage | undefined }
  | { type: "failed"; failure: StreamFailure }
  /** Not JSON, so of an unknown item; or a delta without readable text. */
  | { type: "unreadable"; item?: ItemRef }
  | { type: "other" };
