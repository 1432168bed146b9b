import type { ConversationItem, FunctionTool } from "../core/conversation.ts";

/** An item as `input` carries it: without an id, since the service keeps none (docs/wire.md §9). */
export function toWireItem(item: ConversationItem): object {
  switch (item.type) {
    case "message":
      return item.role === "assistant" ? said(item) : asked(item.role, item.text);
    case "function_call":
      return {
        type: "function_call",
        call_id: item.callId,
        name: item.name,
        arguments: item.arguments,
        ...(item.namespace === undefined ? {} : { namespace: item.namespace }),
      };
    case "function_call_output":
      return { type: "function_call_output", call_id: item.callId, output: item.output };
    case "reasoning":
      return {
        type: "reasoning",
        summary: item.summary.map((text) => ({ type: "summary_text", text })),
        encrypted_content: item.encryptedContent,
      };
  }
}

export function asked(role: "user" | "developer", text: string): object {
  return { type: "message", role, content: [{ type: "input_text", text }] };
}

function said({
  text,
  refused,
  phase,
}: {
  text: string;
  refused?: boolean | undefined;
  phase?: string | undefined;
}): object {
  return {
    type: "message",
    role: "assistant",
    content: [
      refused === true ? { type: "refusal", refusal: text } : { type: "output_text", text },
    ],
    ...(phase === undefined ? {} : { phase }),
  };
}

export function toWireTool({ name, description, parameters, strict }: FunctionTool): object {
  return {
    type: "function",
    name,
    ...(description === undefined ? {} : { description }),
    strict: strict ?? false,
    parameters,
  };
}
