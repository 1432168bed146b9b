import { errorBody, modelNotFoundBody, modelNotSupportedBody } from "./bodies.ts";
import type { PlainReply } from "./reply.ts";
import type { ResponsesBody } from "./responses-body.ts";
import type { RecordedRequest, SimSwitches } from "./types.ts";

const LITE_HEADER = "x-openai-internal-codex-responses-lite";

export function isLite(request: RecordedRequest): boolean {
  return request.headers[LITE_HEADER] === "true";
}

/** Header, model and shape go together or not at all (docs/wire.md, Responses Lite). */
export function liteProblem(
  switches: SimSwitches,
  request: RecordedRequest,
  body: ResponsesBody,
): PlainReply | undefined {
  const model = switches.models.find((one) => one.slug === body.model);
  const knowsLite = model?.use_responses_lite === true;
  if (isLite(request)) return knowsLite ? liteShapeProblem(body) : unsupported("model", NOT_LITE);
  if (switches.requireLite && knowsLite) {
    // Worded like any other refused model, so that a client cannot rely on a hint.
    return switches.requireLiteStatus === 404
      ? { kind: "json", status: 404, body: modelNotFoundBody(body.model) }
      : { kind: "json", status: 400, body: modelNotSupportedBody(body.model) };
  }
  if (body.reasoning?.context !== undefined) return unsupported("reasoning.context", LITE_ONLY);
  return undefined;
}

function liteShapeProblem(body: ResponsesBody): PlainReply | undefined {
  if (body.tools !== undefined) return unsupported("tools", FUNCTION_TOOLS_ONLY);
  if (body.instructions !== undefined) return unsupported("instructions", NOT_AT_TOP);
  if (body.parallel_tool_calls !== false) return unsupported("parallel_tool_calls", MUST_BE_FALSE);
  if (body.reasoning?.context !== "all_turns") return unsupported("reasoning.context", ALL_TURNS);
  return undefined;
}

const PREFIX = "X-OpenAI-Internal-Codex-Responses-Lite";
const FUNCTION_TOOLS_ONLY = `${PREFIX} only supports function tools, custom tools, and client-executed tool search.`;
const NOT_AT_TOP = `${PREFIX} does not support top-level instructions.`;
const MUST_BE_FALSE = `${PREFIX} requires parallel_tool_calls to be false.`;
const ALL_TURNS = `${PREFIX} requires reasoning.context to be all_turns.`;
const NOT_LITE = `${PREFIX} is not supported with this model.`;
const LITE_ONLY = `reasoning.context is only supported with ${PREFIX}.`;

function unsupported(param: string, message: string): PlainReply {
  return {
    kind: "json",
    status: 400,
    body: errorBody({ message, param, code: "unsupported_value" }),
  };
}
