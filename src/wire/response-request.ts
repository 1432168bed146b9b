import type { QueryPlan, QueryRequest } from "../core/query.ts";

/** The two request shapes (docs/wire.md §9, §10). */
export type RequestShape = "classic" | "lite";

/** Sent when the caller gives no instructions of its own; the service wants some. */
const defaultInstructions =
  "You give a second opinion to another assistant or to a developer. You see only this message: " +
  "no files, no tools, no earlier conversation. Answer first, then the reasons, briefly and " +
  "concretely. Say plainly what you cannot know from what you were given.";

/**
 * The body of a question. Classic carries instructions at the top; Lite carries them as the first
 * developer item, and names no tools.
 *
 * @param sessionId stable for this process, for the service's prompt cache
 */
export function responseRequest(
  request: QueryRequest,
  plan: QueryPlan,
  shape: RequestShape,
  sessionId: string,
): Record<string, unknown> {
  const lite = shape === "lite";
  const system = request.systemPrompt?.trim();
  const instructions = system === undefined || system === "" ? defaultInstructions : system;
  const question = message("user", request.prompt ?? "");
  return {
    model: plan.slug,
    ...(lite ? {} : { instructions }),
    input: lite ? [message("developer", instructions), question] : [question],
    ...(lite ? {} : { tools: [], tool_choice: "auto" }),
    parallel_tool_calls: false,
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

function message(role: "user" | "developer", text: string): object {
  return { type: "message", role, content: [{ type: "input_text", text }] };
}
