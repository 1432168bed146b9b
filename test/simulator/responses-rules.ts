import { detailBody, errorBody } from "./bodies.ts";
import { MAX_BODY_BYTES } from "./constants.ts";
import { inputProblem } from "./input-rules.ts";
import { isLite, liteProblem } from "./lite-rules.ts";
import { modelProblem } from "./model-rules.ts";
import { mediaType } from "./record.ts";
import type { PlainReply } from "./reply.ts";
import { leadingInstructions, type ResponsesBody } from "./responses-body.ts";
import type { SimState } from "./state.ts";
import { toolProblem } from "./tool-rules.ts";
import type { RecordedRequest, SimAccount } from "./types.ts";

/** Everything else is an unsupported parameter: the backend knows its own list only. */
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
  "service_tier",
  "prompt_cache_key",
  "client_metadata",
]);

const VERBOSITIES = ["low", "medium", "high"];
const SUMMARIES = ["auto", "concise", "detailed"];

/** Why `POST /backend-api/codex/responses` is refused, or undefined. */
export function responsesProblem(
  state: SimState,
  request: RecordedRequest,
  account: SimAccount,
): PlainReply | undefined {
  const transport = transportProblem(request);
  if (transport !== undefined) return transport;
  const body = request.json as ResponsesBody;
  return (
    parameterProblem(body) ??
    inputProblem(body, isLite(request)) ??
    modelProblem(state.switches, request, body, account) ??
    liteProblem(state.switches, request, body) ??
    instructionsProblem(state, body) ??
    toolProblem(body) ??
    valueProblem(body)
  );
}

function transportProblem(request: RecordedRequest): PlainReply | undefined {
  const { headers } = request;
  if (Buffer.byteLength(request.body) > MAX_BODY_BYTES) {
    return refuse(413, detailBody("Request Entity Too Large"));
  }
  if (mediaType(headers) !== "application/json" || headers["content-encoding"] !== undefined) {
    return refuse(415, detailBody("Unsupported Media Type"));
  }
  if (!(headers["accept"] ?? "").includes("text/event-stream")) {
    return refuse(406, detailBody("Not Acceptable"));
  }
  const { json } = request;
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return refuse(400, detailBody("Invalid JSON body"));
  }
  return undefined;
}

function parameterProblem(body: ResponsesBody): PlainReply | undefined {
  const unknown = Object.keys(body).find((name) => !KNOWN_PARAMETERS.has(name));
  if (unknown !== undefined) return refuse(400, detailBody(`Unsupported parameter: ${unknown}`));
  if (body.store !== false) return refuse(400, detailBody("Store must be set to false"));
  if (body.stream !== true) return refuse(400, detailBody("Stream must be set to true"));
  return undefined;
}

/**
 * Whether instructions are still required is not certain (docs/wire.md): the CLI sends none, but a
 * leading developer message. So that counts, and nothing at all does not.
 */
function instructionsProblem(state: SimState, body: ResponsesBody): PlainReply | undefined {
  const { instructions } = body;
  if (instructions !== undefined && typeof instructions !== "string") {
    return refuse(400, detailBody("Instructions are not valid"));
  }
  if (!state.switches.instructionsRequired) return undefined;
  const given = (instructions ?? "").trim() !== "" || leadingInstructions(body) !== "";
  return given ? undefined : refuse(400, detailBody("Instructions are required"));
}

function valueProblem(body: ResponsesBody): PlainReply | undefined {
  const checks: [string, unknown, string[]][] = [
    ["text.verbosity", body.text?.verbosity, VERBOSITIES],
    ["reasoning.summary", body.reasoning?.summary, SUMMARIES],
    ["service_tier", body.service_tier, ["priority"]],
  ];
  for (const [param, value, allowed] of checks) {
    if (value === undefined || (typeof value === "string" && allowed.includes(value))) continue;
    return refuse(400, invalidValueBody(param, value, allowed));
  }
  return undefined;
}

export function invalidValueBody(param: string, value: unknown, allowed: string[]): object {
  const list = allowed.map((one) => `'${one}'`).join(", ");
  return errorBody({
    message: `Invalid value: '${String(value)}'. Supported values are: ${list}.`,
    param,
    code: "invalid_value",
  });
}

function refuse(status: number, body: unknown): PlainReply {
  return { kind: "json", status, body };
}
