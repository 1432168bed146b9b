/**
 * What a program says to the model and hears from it, in its own words: the items of a conversation.
 * Nothing is kept at the service, so every request carries the whole conversation (docs/wire.md §9).
 */
export type ConversationItem = AskingMessage | AssistantMessage | FunctionCallItem | FunctionCallOutput | ReasoningItem;

/** What a person (user) or the program (developer) says. */
export interface AskingMessage {
  type: "message";
  role: "user" | "developer";
  text: string;
}

/** What the model said. */
export interface AssistantMessage {
  type: "message";
  role: "assistant";
  text: string;
  /** True when the text is a refusal. */
  refused?: boolean | undefined;
  /** As the model gave it: "commentary" or "final_answer" (docs/wire.md §12). */
  phase?: string | undefined;
}

/** A function that the model wants called. */
export interface FunctionCall {
  /** Names the call in its output. */
  callId: string;
  name: string;
  /** JSON as the model wrote it: parse and check it yourself. */
  arguments: string;
}

export interface FunctionCallItem extends FunctionCall {
  type: "function_call";
  /** The group of the function, where the service named one: send it back as it came. */
  namespace?: string | undefined;
}

/** What a function gave; its call stands before it in the conversation. */
export interface FunctionCallOutput {
  type: "function_call_output";
  callId: string;
  /** Text, or JSON as text. */
  output: string;
}

/** The model's own thoughts, readable only by the service; a following turn goes better with them. */
export interface ReasoningItem {
  type: "reasoning";
  /** Readable summaries, one for each part. */
  summary: readonly string[];
  encryptedContent: string;
}

/** What the model gives: append it to the conversation before the next question. */
export type OutputItem = AssistantMessage | FunctionCallItem | ReasoningItem;

/** A function that the model may ask for. */
export interface FunctionTool {
  /** Letters, digits, `_` and `-`, at most 64. */
  name: string;
  description?: string | undefined;
  /** JSON Schema of the arguments, an object. */
  parameters: Readonly<Record<string, unknown>>;
  /** True holds the model to the schema exactly. */
  strict?: boolean | undefined;
}

/** Whether the model may, must or must not call a function, or which one it must. */
export type ToolChoice = "auto" | "none" | "required" | { name: string };
