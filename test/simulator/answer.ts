import { answerEvents, keepaliveEvent, type SimUsage } from "./events.ts";
import type { PlainReply } from "./reply.ts";
import { questionOf, wantsReasoningSummary, type ResponsesBody } from "./responses-body.ts";
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
  const text = answerTo(question);
  const withReasoning = wantsReasoningSummary(body);
  const id = String(request.n);
  const events: unknown[] = answerEvents({
    text,
    deltas: 8,
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

function answerTo(question: string): string {
  if (/\bPKCE\b/i.test(question)) return PKCE;
  const characters = Array.from(question);
  const quote =
    characters.length > QUOTE_LIMIT ? `${characters.slice(0, QUOTE_LIMIT).join("")}…` : question;
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
