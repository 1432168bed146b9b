import { answerEvents, keepaliveEvent, type SimCall, type SimUsage } from "./events.ts";
import type { PlainReply } from "./reply.ts";
import {
  isMessage,
  offeredFunctions,
  questionOf,
  wantsReasoningSummary,
  type ResponsesBody,
} from "./responses-body.ts";
import type { SimState } from "./state.ts";
import type { RecordedRequest } from "./types.ts";

/** Longer questions are quoted up to here. */
const QUOTE_LIMIT = 1000;

const PKCE =
  "PKCE protects the OAuth authorization code: the client sends the hash of a fresh secret with the " +
  "authorization request and the secret itself with the token request, so a stolen code is worthless " +
  "to anyone who does not hold that secret.";

const REASONING = ["**Checking the lock order**", "**Weighing the answer**"];

/** The answer to a request that no rule refused: deterministic, and it quotes the question. */
export function defaultAnswer(state: SimState, request: RecordedRequest): PlainReply {
  const body = request.json as ResponsesBody;
  const question = questionOf(body);
  const calls = callsFor(body, question, request.n);
  const text = calls === undefined ? answerTo(body, question) : "";
  const withReasoning = wantsReasoningSummary(body);
  const id = String(request.n);
  const events: unknown[] = answerEvents({
    text,
    deltas: 8,
    ...(calls === undefined ? {} : { calls }),
    ...(withReasoning ? { reasoning: REASONING } : {}),
    model: body.model,
    usage: usageOf(question, text, withReasoning),
    responseId: `resp_simulated_${id}`,
  });
  // Between created and the first item, where a model that thinks for long is silent.
  events.splice(2, 0, ": keepalive\n\n", keepaliveEvent());
  return {
    kind: "stream",
    events,
    headers: {
      ...state.switches.rateLimitHeaders,
      "x-request-id": `req_simulated_${id}`,
      "openai-model": body.model,
      "x-models-etag": state.switches.modelsEtag,
      "x-reasoning-included": "true",
    },
  };
}

/** A function is called when it must be, or when the last item asks for it by its name. */
function callsFor(body: ResponsesBody, question: string, n: number): SimCall[] | undefined {
  const choice = body.tool_choice as string | { name?: string } | undefined;
  if (choice === "none" || !isMessage(body.input.at(-1))) return undefined;
  const offered = offeredFunctions(body);
  const named = offered.filter((name) => question.includes(name));
  const forced = typeof choice === "object" ? [String(choice.name)] : offered.slice(0, 1);
  const wanted = typeof choice === "object" || (choice === "required" && named.length === 0) ? forced : named;
  if (wanted.length === 0) return undefined;
  return wanted.map((name, index) => ({
    callId: `call_${String(n)}_${String(index)}`,
    name,
    arguments: JSON.stringify({ question }),
    ...(body.tools === undefined ? { namespace: "functions" } : {}),
  }));
}

function answerTo(body: ResponsesBody, question: string): string {
  const last = body.input.at(-1);
  if (last?.type === "function_call_output") return `The function gave: ${String(last.output)}`;
  if (/\bPKCE\b/i.test(question)) return PKCE;
  const characters = Array.from(question);
  const quote = characters.length > QUOTE_LIMIT ? `${characters.slice(0, QUOTE_LIMIT).join("")}…` : question;
  return `The simulator received: ${quote}`;
}

/** Four characters to a token: the usual rule of thumb. */
function usageOf(question: string, text: string, withReasoning: boolean): SimUsage {
  const input = 20 + Math.ceil(question.length / 4);
  const reasoning = withReasoning ? 12 : 0;
  const output = Math.ceil(text.length / 4) + reasoning;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
