/** An item of a conversation. The service stores none, so every request has all of them (docs/wire.md §9). */
export type ConversationItem = AskingMessage | AssistantMessage | FunctionCallItem | FunctionCallOutput | ReasoningItem;

/** A message from a person (user) or from the program (developer). */
export interface AskingMessage {
  type: "message";
  role: "user" | "developer";
  text: string;
}

/** A message from the model. */
export interface AssistantMessage {
  type: "message";
  role: "assistant";
  text: string;
  /** True if the text is a refusal. */
  refused?: boolean | undefined;
  /** From the model: "commentary" or "final_answer" (docs/wire.md §12). */
  phase?: string | undefined;
}

/** A call that the model requests. */
export interface FunctionCall {
  /** Links the call to its output. */
  callId: string;
  name: string;
  /** JSON as the model wrote it: parse and check it yourself. */
  arguments: string;
}

export interface FunctionCallItem extends FunctionCall {
  type: "function_call";
  /** The function's namespace, if the service named one. Send it back unchanged. */
  namespace?: string | undefined;
}

/** The result of a call; follows that call in the conversation. */
export interface FunctionCallOutput {
  type: "function_call_output";
  callId: string;
  /** Text, or JSON as text. */
  output: string;
}

/** The model's reasoning, readable only by the service. Sent back, it improves the next turn. */
export interface ReasoningItem {
  type: "reasoning";
  /** Readable summaries, one for each part. */
  summary: readonly string[];
  encryptedContent: string;
}

/** An item of the model: append it to the conversation before the next question. */
export type OutputItem = AssistantMessage | FunctionCallItem | ReasoningItem;

/** A function that the model may call. */
export interface FunctionTool {
  /** Letters, digits, `_` and `-`, at most 64. */
  name: string;
  description?: string | undefined;
  /** JSON Schema of the arguments, an object. */
  parameters: Readonly<Record<string, unknown>>;
  /** True: the arguments follow the schema exactly. */
  strict?: boolean | undefined;
}

/** Whether the model may, must not or must call a function, or the name of the one it must call. */
export type ToolChoice = "auto" | "none" | "required" | { name: string };
