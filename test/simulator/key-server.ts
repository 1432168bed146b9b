import { defaultAnswer } from "./answer.ts";
import { bearer } from "./api-gate.ts";
import { errorBody } from "./bodies.ts";
import { inputProblem } from "./input-rules.ts";
import { mediaType } from "./record.ts";
import type { PlainReply } from "./reply.ts";
import type { ResponsesBody } from "./responses-body.ts";
import type { SimState } from "./state.ts";
import type { RecordedRequest } from "./types.ts";

/** Of the API's documented parameters those that a question may need; anything else is refused. */
const KNOWN_PARAMETERS: ReadonlySet<string> = new Set([
  "model",
  "instructions",
  "input",
  "stream",
  "store",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning",
  "include",
  "text",
  "temperature",
  "max_output_tokens",
  "prompt_cache_key",
]);

/** The stand-in of api.openai.com/v1: a key and nothing of a ChatGPT login. */
export function answerKey(state: SimState, request: RecordedRequest): PlainReply {
  const refused = keyProblem(state, request);
  if (refused !== undefined) return refused;
  if (request.route === "key-models") {
    const data = state.switches.keyModels.map((id) => ({
      id,
      object: "model",
      created: 1_790_000_000,
      owned_by: "system",
    }));
    return { kind: "json", body: { object: "list", data } };
  }
  return bodyProblem(state, request) ?? withoutQuota(defaultAnswer(state, request));
}

/** The words of the real API show a part of the key. */
function keyProblem(state: SimState, { headers }: RecordedRequest): PlainReply | undefined {
  const key = bearer(headers);
  if (key !== undefined && state.keys.has(key)) return undefined;
  const message =
    key === undefined
      ? "You didn't provide an API key."
      : `Incorrect API key provided: ${key.slice(0, 8)}****${key.slice(-4)}. ` +
        "You can find your API key at https://platform.openai.com/account/api-keys.";
  return refuse(401, errorBody({ message, code: "invalid_api_key" }));
}

function bodyProblem(state: SimState, request: RecordedRequest): PlainReply | undefined {
  const { json } = request;
  if (mediaType(request.headers) !== "application/json" || typeof json !== "object" || !json) {
    return refuse(400, errorBody({ message: "We could not parse the JSON body of your request." }));
  }
  const body = json as ResponsesBody & { temperature?: unknown; max_output_tokens?: unknown };
  const unknown = Object.keys(body).find((name) => !KNOWN_PARAMETERS.has(name));
  if (unknown !== undefined) {
    const message = `Unknown parameter: '${unknown}'.`;
    return refuse(400, errorBody({ message, param: unknown, code: "unknown_parameter" }));
  }
  const { keyModels, keyModelsWithoutTemperature } = state.switches;
  if (!keyModels.includes(body.model)) {
    const message = `The model \`${body.model}\` does not exist or you do not have access to it.`;
    return refuse(404, errorBody({ message, code: "model_not_found" }));
  }
  const reasons = keyModelsWithoutTemperature.includes(body.model);
  if (body.temperature !== undefined && reasons) return unsupported("temperature");
  if (body.reasoning !== undefined && !reasons) return unsupported("reasoning.effort");
  const most = body.max_output_tokens;
  if (most !== undefined && !(Number.isInteger(most) && Number(most) >= 16)) {
    const param = "max_output_tokens";
    const message = `Invalid '${param}': integer below minimum value. Expected a value >= 16.`;
    return refuse(400, errorBody({ message, param, code: "integer_below_min_value" }));
  }
  return inputProblem(body, false);
}

/** Models with reasoning take no temperature, models without take no effort. */
function unsupported(param: string): PlainReply {
  const message = `Unsupported parameter: '${param}' is not supported with this model.`;
  return refuse(400, errorBody({ message, param, code: null }));
}

/** The windows of a plan are told to plans only. */
function withoutQuota(reply: PlainReply): PlainReply {
  if (reply.kind !== "stream") return reply;
  const headers = Object.entries(reply.headers ?? {}).filter(([name]) => !/^x-codex-/.test(name));
  return { ...reply, headers: Object.fromEntries(headers) };
}

function refuse(status: number, body: unknown): PlainReply {
  return { kind: "json", status, body };
}
