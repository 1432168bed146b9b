import { detailBody, errorBody } from "./bodies.ts";
import type { PlainReply } from "./reply.ts";
import { isMessage, type InputItem, type ResponsesBody } from "./responses-body.ts";

const ROLES: ReadonlySet<string> = new Set(["user", "assistant", "developer"]);

const PART_TYPES: ReadonlySet<string> = new Set(["input_text", "input_image", "output_text", "refusal"]);

const ITEM_TYPES: ReadonlySet<string> = new Set([
  "message",
  "reasoning",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "web_search_call",
]);

/** What `input` may look like: an array of items, none of them a system message. */
export function inputProblem({ input }: ResponsesBody, lite: boolean): PlainReply | undefined {
  if (!Array.isArray(input)) return invalid("input", "Input must be a list");
  if (input.length === 0) return invalid("input", "Input must not be empty");
  for (const [index, item] of (input as unknown[]).entries()) {
    const problem = itemProblem(item, `input[${String(index)}]`, lite && index === 0);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function itemProblem(value: unknown, param: string, mayBeTools: boolean): PlainReply | undefined {
  if (typeof value !== "object" || value === null) return invalid(param, "Input item must be an object");
  const item = value as InputItem;
  if (item.role === "system") {
    return { kind: "json", status: 400, body: detailBody("System messages are not allowed") };
  }
  if (isMessage(item)) return messageProblem(item, param);
  if (item.type !== "additional_tools" && isServerReference(item)) return notPersisted(item.id ?? "");
  if (item.type === "reasoning" && typeof item.encrypted_content !== "string") {
    return invalid(`${param}.encrypted_content`, "Reasoning must carry its encrypted content");
  }
  if (item.type === "additional_tools" && mayBeTools) return undefined;
  if (!ITEM_TYPES.has(item.type ?? "")) return invalid(`${param}.type`, "Unknown input item type");
  return undefined;
}

function messageProblem(item: InputItem, param: string): PlainReply | undefined {
  if (!ROLES.has(item.role ?? "")) return invalid(`${param}.role`, "Unknown role");
  if (typeof item.content === "string") return undefined;
  if (!Array.isArray(item.content)) return invalid(`${param}.content`, "Content must be a list");
  for (const part of item.content as { type?: unknown; text?: unknown }[]) {
    if (!PART_TYPES.has(String(part.type))) return invalid(`${param}.content`, "Unknown content type");
    if (part.type === "input_text" && typeof part.text !== "string") {
      return invalid(`${param}.content`, "Text must be a string");
    }
  }
  return undefined;
}

/** `store` is false, so the id of an item that the service made points at nothing. */
function isServerReference(item: InputItem): boolean {
  return item.type === "item_reference" || item.id !== undefined;
}

function notPersisted(id: string): PlainReply {
  const message =
    `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. ` +
    "Try again with `store` set to true, or remove this item from your input.";
  return { kind: "json", status: 404, body: errorBody({ message, param: "input" }) };
}

function invalid(param: string, message: string): PlainReply {
  return { kind: "json", status: 400, body: errorBody({ message, param, code: "invalid_value" }) };
}
