import { CodexError } from "../../shared/errors.ts";
import { act } from "../../shared/next-step.ts";
import type { AssistantMessage, ConversationItem, FunctionTool } from "./conversation.ts";
import type { QueryPlan } from "./plan.ts";
import type { QueryRequest } from "./request.ts";

/** An item for `input`, without an id, since the service stores no items (docs/wire.md §9). */
function toWireItem(item: ConversationItem): object {
  switch (item.type) {
    case "message":
      return item.role === "assistant" ? assistantMessage(item) : inputMessage(item.role, item.text);
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

function inputMessage(role: "user" | "developer", text: string): object {
  return { type: "message", role, content: [{ type: "input_text", text }] };
}

function assistantMessage({ text, refused, phase }: Omit<AssistantMessage, "type" | "role">): object {
  return {
    type: "message",
    role: "assistant",
    content: [refused === true ? { type: "refusal", refusal: text } : { type: "output_text", text }],
    ...(phase === undefined ? {} : { phase }),
  };
}

function toWireTool({ name, description, parameters, strict }: FunctionTool): object {
  return {
    type: "function",
    name,
    ...(description === undefined ? {} : { description }),
    strict: strict ?? false,
    parameters,
  };
}

/** The two request shapes (docs/wire.md §9, §10). */
export type RequestShape = "classic" | "lite";

/** The service requires instructions; these are sent if the caller gives none. */
const defaultInstructions =
  "You give a second opinion to another assistant or to a developer. You see only this message: " +
  "no files, no tools, no earlier conversation. Answer first, then the reasons, briefly and " +
  "concretely. Say plainly what you cannot know from what you were given.";

/** The same for a conversation, for which the above would be untrue. */
const conversationInstructions =
  "You answer in a conversation with a developer's program. You see only this conversation, and " +
  "have only the functions that it offers. Answer briefly and concretely, and say plainly what you " +
  "cannot know.";

/**
 * The body of a Responses API request. Classic has instructions and functions at the top level; Lite has them as the
 * first items.
 *
 * @param sessionId stable for this process, for the service's prompt cache
 * @throws CodexError `BAD_REQUEST` for a forced call, which Lite cannot express
 */
export function responseRequest(
  request: QueryRequest,
  plan: QueryPlan,
  shape: RequestShape,
  sessionId: string,
): Record<string, unknown> {
  const lite = shape === "lite";
  const instructions = instructionsOf(request);
  const input = request.input?.map(toWireItem) ?? [inputMessage("user", request.prompt ?? "")];
  return {
    model: plan.slug,
    ...(lite ? {} : { instructions }),
    input: lite ? [...liteTools(request), inputMessage("developer", instructions), ...input] : input,
    ...(lite ? { parallel_tool_calls: false } : classicTools(request)),
    reasoning: {
      ...(plan.effort === undefined ? {} : { effort: plan.effort }),
      summary: "auto",
      ...(lite ? { context: "all_turns" } : {}),
    },
    store: false,
    stream: true,
    include: ["reasoning.encrypted_content"],
    prompt_cache_key: sessionId,
    ...(plan.verbosity === undefined ? {} : { text: { verbosity: plan.verbosity } }),
  };
}

function instructionsOf({ systemPrompt = "", input, tools = [] }: QueryRequest): string {
  if (systemPrompt.trim() !== "") return systemPrompt.trim();
  return input === undefined && tools.length === 0 ? defaultInstructions : conversationInstructions;
}

function classicTools({ tools = [], toolChoice = "auto" }: QueryRequest): object {
  return {
    tools: tools.map(toWireTool),
    tool_choice: typeof toolChoice === "string" ? toolChoice : { type: "function", name: toolChoice.name },
    parallel_tool_calls: tools.length > 0,
  };
}

function liteTools({ tools = [], toolChoice = "auto" }: QueryRequest): object[] {
  if (toolChoice !== "auto" && toolChoice !== "none") {
    throw new CodexError("BAD_REQUEST", "This model cannot be made to call a function.", {
      why: "The service takes its questions in a form that has no toolChoice.",
      field: "toolChoice",
      next: [act('Leave toolChoice out, or set it to "auto" or "none"')],
    });
  }
  if (tools.length === 0 || toolChoice === "none") return [];
  const functions = {
    type: "namespace",
    name: "functions",
    description: "Functions of the calling program.",
    tools: tools.map(toWireTool),
  };
  return [{ type: "additional_tools", role: "developer", tools: [functions] }];
}
