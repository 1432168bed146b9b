import type { FunctionCall, FunctionCallItem, ReasoningItem } from "../request/conversation.ts";
import type { Quota } from "../../quota/quota.ts";
import type { Source } from "./sources.ts";

/** Token counts of a response, as the service reports them; undefined where it does not. */
export interface Usage {
  inputTokens: number | undefined;
  cachedInputTokens: number | undefined;
  outputTokens: number | undefined;
  reasoningTokens: number | undefined;
}

/** Which output item an event belongs to; the service gives one, both or neither. */
export interface ItemRef {
  index: number | undefined;
  id: string | undefined;
}

/** What is known of a call when the model begins it. */
export type CallStart = Pick<FunctionCall, "callId" | "name">;

/** A finished assistant message. */
export interface MessageItem {
  text: string;
  /** True when the text is the model's refusal. */
  refused: boolean;
  /** Set to "commentary" for remarks on the way to the answer (docs/wire.md §12). */
  phase: string | undefined;
  /** What it cites, as often as it cites it. */
  sources?: readonly Source[];
}

/** A failure that the service put into the stream. */
export interface StreamFailure {
  code: string | undefined;
  type: string | undefined;
  message: string;
  /** The request field that the service names. */
  param: string | undefined;
  /** The HTTP status, 400 to 599, that the failure names beside itself. */
  status: number | undefined;
  /** Epoch ms. */
  resetsAt: number | undefined;
  retryAfterMs: number | undefined;
  /** What its own headers tell. */
  quota: Quota | undefined;
  plan: string | undefined;
}

/** An item of the output that is finished. */
export type ItemEvent =
  | { type: "message"; item: ItemRef; message: MessageItem }
  | { type: "call"; item: FunctionCallItem }
  | { type: "reasoning-item"; item: ReasoningItem };

/** The stream's events in our own words; kinds that do not matter to us are "other". */
export type ResponseEvent =
  | { type: "text"; delta: string; item: ItemRef; refused?: true }
  /** A finished part of a message: its deltas once more, where they came. */
  | { type: "part"; text: string; refused: boolean; index: number | undefined; item: ItemRef }
  | { type: "reasoning"; delta: string }
  | { type: "reasoning-part" }
  | ItemEvent
  /** A call is on its way, whose whole follows; `call` is undefined if the service doesn't name it. */
  | { type: "call-begun"; item: ItemRef; call: CallStart | undefined }
  /** Arguments of a call, as they come. */
  | { type: "call-delta"; item: ItemRef; delta: string }
  | { type: "quota"; quota: Quota }
  /** Which model answers. */
  | { type: "model"; model: string }
  | {
      type: "completed";
      usage: Usage | undefined;
      output: readonly ItemEvent[];
      model?: string | undefined;
      /** False where the model wanted another turn. */
      endTurn?: boolean | undefined;
    }
  | { type: "incomplete"; reason: string | undefined; usage: Usage | undefined }
  | { type: "failed"; failure: StreamFailure }
  /** Data that is no JSON, of whatever item; or a delta of a message whose text is lost. */
  | { type: "unreadable"; item?: ItemRef }
  | { type: "other" };
