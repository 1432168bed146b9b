import * as z from "zod";
import type { ConversationItem, ToolChoice, FunctionTool } from "./conversation.ts";
import { reasoningEfforts, verbosities, type Verbosity, type ReasoningEffort } from "../../models/effort.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, type NextSteps } from "../../shared/next-step.ts";
import { modelName } from "../../models/model-name.ts";
import { validated } from "../../shared/validated.ts";

const text = z.string();
const callId = z.string().min(1).max(200);
const functionName = z.string().regex(/^[\w-]{1,64}$/, "must be 1 to 64 letters, digits, _ or -");

const message = z.discriminatedUnion("role", [
  z.object({ type: z.literal("message"), role: z.enum(["user", "developer"]), text }),
  z.object({
    type: z.literal("message"),
    role: z.literal("assistant"),
    text,
    refused: z.boolean().optional(),
    phase: z.string().max(100).optional(),
  }),
]);

// Other fields are dropped, above all an id: the service stores no items to refer to.
const item = z.discriminatedUnion("type", [
  message,
  z.object({
    type: z.literal("function_call"),
    callId,
    name: z.string().min(1).max(200),
    arguments: text,
    namespace: z.string().max(200).optional(),
  }),
  z.object({ type: z.literal("function_call_output"), callId, output: text }),
  z.object({ type: z.literal("reasoning"), summary: z.array(text).default([]), encryptedContent: z.string().min(1) }),
]);

/** Characters as JSON; Infinity for cycles and big integers, which JSON lacks. */
function jsonLength(value: unknown): number {
  try {
    return JSON.stringify(value).length;
  } catch {
    return Infinity;
  }
}

const tool = z.object({
  name: functionName,
  description: text.optional(),
  parameters: z
    .record(z.string(), z.unknown())
    .refine((schema) => jsonLength(schema) < Infinity, "must be a JSON Schema"),
  strict: z.boolean().optional(),
});

/** The schema of each field, for library, tools and commands alike. Limits of length are the caller's. */
export const requestFields = {
  prompt: text
    .min(1)
    .refine((prompt) => prompt.trim() !== "", "must not be blank")
    .optional(),
  input: z.array(item).min(1).optional(),
  tools: z.array(tool).max(128).optional(),
  toolChoice: z
    .union(
      [z.enum(["auto", "none", "required"]), z.object({ name: functionName })],
      "must be auto, none, required or the name of a function as { name }",
    )
    .optional(),
  model: z.string().regex(modelName, "must be a model name such as gpt-6.1-sol").optional(),
  systemPrompt: text.optional(),
  reasoningEffort: z.enum(reasoningEfforts).optional(),
  verbosity: z.enum(verbosities).optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxOutputTokens: z.number().int().min(16).max(1_000_000).optional(),
} satisfies { [Field in keyof QueryRequest]-?: z.ZodType<QueryRequest[Field]> };

const queryRequest = z.strictObject(requestFields);

/**
 * Validates a caller's request.
 *
 * @param maxChars of the prompt; of the system prompt; of input and tools together, as JSON
 * @throws CodexError `BAD_REQUEST` that names the field, never its value
 */
export function checkedRequest(request: unknown, maxChars: number): QueryRequest {
  const data = validated(queryRequest, request, "request", ({ field, verdict }) => {
    const isRole = /^input\[\d+\]\.role$/.test(field);
    return invalidRequest(field, verdict, isRole ? [act("Use systemPrompt for rules")] : undefined);
  });
  assertOneQuestion(data);
  assertToolsFit(data);
  if (data.input !== undefined) assertCallsMatch(data.input);
  assertNotTooLong(data, maxChars);
  return data;
}

function assertOneQuestion({ prompt, input }: QueryRequest): void {
  if (prompt !== undefined && input !== undefined) {
    throw invalidRequest("input", "must not stand beside prompt", [act("Make the prompt its last message")]);
  }
  if (prompt === undefined && input === undefined) throw invalidRequest("prompt", "or input is required");
}

function assertToolsFit({ tools = [], toolChoice = "auto" }: QueryRequest): void {
  const names = tools.map(({ name }) => name);
  const duplicate = names.findIndex((name, n) => names.indexOf(name) !== n);
  if (duplicate !== -1) throw invalidRequest(`tools[${duplicate}].name`, "is the name of an earlier function");
  if (toolChoice === "auto" || toolChoice === "none") return;
  if (toolChoice === "required") {
    if (names.length === 0) throw invalidRequest("toolChoice", "requires a call, but tools is empty");
  } else if (!names.includes(toolChoice.name)) {
    throw invalidRequest("toolChoice.name", "is the name of no function in tools");
  }
}

/** The service refuses outputs without their call, and calls without an output. */
function assertCallsMatch(items: readonly ConversationItem[]): void {
  const open = new Map<string, number>();
  for (const [n, item] of items.entries()) {
    if (item.type === "function_call") open.set(item.callId, n);
    if (item.type === "function_call_output" && !open.delete(item.callId)) {
      throw invalidRequest(`input[${n}].callId`, "names no call before it that waits for an output");
    }
  }
  const [unanswered] = open.values();
  if (unanswered === undefined) return;
  throw invalidRequest(`input[${unanswered}]`, "is a call without a function_call_output after it");
}

function assertNotTooLong({ prompt = "", systemPrompt = "", input, tools }: QueryRequest, maxChars: number): void {
  const limit = `must have at most ${maxChars.toLocaleString("en")} characters`;
  if (prompt.length > maxChars) throw invalidRequest("prompt", limit);
  if (systemPrompt.length > maxChars) throw invalidRequest("systemPrompt", limit);
  const toolChars = tools === undefined ? 0 : jsonLength(tools);
  if (toolChars > maxChars) throw invalidRequest("tools", `${limit} as JSON`);
  if (input === undefined || jsonLength(input) + toolChars <= maxChars) return;
  throw invalidRequest("input", `${limit} as JSON, together with tools`);
}

function invalidRequest(field: string, verdict: string, next?: NextSteps): CodexError {
  return new CodexError("BAD_REQUEST", `The request is unusable: ${field} ${verdict}.`, {
    why: "Nothing was sent.",
    field,
    next,
  });
}

/** One question: either a prompt, or a conversation whose last item asks. */
export interface QueryRequest {
  prompt?: string | undefined;
  input?: readonly ConversationItem[] | undefined;
  /** Functions that the model may call. */
  tools?: readonly FunctionTool[] | undefined;
  /** Default "auto". */
  toolChoice?: ToolChoice | undefined;
  model?: string | undefined;
  systemPrompt?: string | undefined;
  reasoningEffort?: ReasoningEffort | undefined;
  verbosity?: Verbosity | undefined;
  /** Sent with an API key only: the ChatGPT service refuses it. */
  temperature?: number | undefined;
  /** For reasoning and answer together. Sent with an API key only, like the temperature. */
  maxOutputTokens?: number | undefined;
}
