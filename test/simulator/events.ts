/** Stream events as the Codex backend sends them (docs/wire.md). */
import { pushCall, pushMessage, pushReasoning, type SimCall } from "./output-items.ts";

export type { SimCall };

export interface SimUsage {
  input_tokens: number;
  input_tokens_details?: { cached_tokens: number };
  output_tokens: number;
  output_tokens_details?: { reasoning_tokens: number };
  total_tokens: number;
}

export interface AnswerOptions {
  text: string;
  /** The pieces of the text, or how many to cut it into. Default: four. */
  deltas?: number | string[];
  /** One summary part each. */
  reasoning?: string[];
  /** Which model answers; not told where it is left out. */
  model?: string;
  usage?: SimUsage;
  /** `empty` is what this backend does: the items came by output_item.done. */
  output?: "empty" | "full";
  /** Functions that the model wants called, after its text; without text there is no message. */
  calls?: SimCall[];
  /** A refusal part in place of the text. */
  refusal?: string;
  responseId?: string;
}

const DEFAULT_USAGE: SimUsage = {
  input_tokens: 25,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 12 },
  total_tokens: 65,
};

/** All the events of a complete answer, from response.created to response.completed. */
export function answerEvents(options: AnswerOptions): object[] {
  const id = options.responseId ?? "resp_simulated";
  const { model } = options;
  const base = {
    id,
    object: "response",
    ...(model === undefined ? {} : { model }),
    store: false,
    output: [],
  };
  const events: object[] = [
    { type: "response.created", response: { ...base, status: "in_progress" } },
    { type: "response.in_progress", response: { ...base, status: "in_progress" } },
  ];
  const items: object[] = [];
  if (options.reasoning !== undefined && options.reasoning.length > 0) {
    items.push(pushReasoning(events, `rs_${id}`, options.reasoning));
  }
  if (options.text !== "" || options.refusal !== undefined || options.calls === undefined) {
    items.push(pushMessage(events, `msg_${id}`, items.length, options));
  }
  for (const call of options.calls ?? []) {
    items.push(pushCall(events, `fc_${id}_${String(items.length)}`, items.length, call));
  }
  events.push({
    type: "response.completed",
    response: {
      ...base,
      status: "completed",
      output: options.output === "full" ? items : [],
      usage: options.usage ?? DEFAULT_USAGE,
    },
  });
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

/** The answer failed; `extra` joins the error (plan_type, resets_at, type, …). */
export function failedEvent(code: string, message: string, extra: object = {}): object {
  return {
    type: "response.failed",
    response: {
      id: "resp_simulated",
      object: "response",
      status: "failed",
      output: [],
      error: { code, message, ...extra },
    },
  };
}

/** A top-level error; both shapes have been seen on the wire. */
export function errorEvent(
  code: string,
  message: string,
  shape: "flat" | "nested" = "flat",
  extra: object = {},
): object {
  return shape === "flat"
    ? { type: "error", code, message, param: null, sequence_number: 3, ...extra }
    : { type: "error", error: { type: "invalid_request", code, message, ...extra } };
}

/** The answer stopped before its end, e.g. `max_output_tokens` or `content_filter`. */
export function incompleteEvent(reason: string): object {
  return {
    type: "response.incomplete",
    response: {
      id: "resp_simulated",
      object: "response",
      status: "incomplete",
      output: [],
      incomplete_details: { reason },
      usage: DEFAULT_USAGE,
    },
  };
}

export function keepaliveEvent(): object {
  return { type: "keepalive" };
}

export interface RateLimitWindow {
  used_percent: number;
  window_minutes: number;
  reset_after_seconds: number;
  reset_at: number;
}

/** Windows are not positional: the weekly one may come first, alone. */
export function rateLimitsEvent(
  windows: { primary?: RateLimitWindow | null; secondary?: RateLimitWindow | null } = {},
  extra: object = {},
): object {
  const fallback = { used_percent: 12, window_minutes: 300, reset_after_seconds: 100 };
  return {
    type: "codex.rate_limits",
    plan_type: "plus",
    rate_limits: {
      allowed: true,
      limit_reached: false,
      primary: windows.primary === undefined ? { ...fallback, reset_at: 1_795_198_828 } : windows.primary,
      secondary: windows.secondary ?? null,
    },
    credits: { has_credits: false, unlimited: false, balance: null },
    metered_limit_name: "codex",
    promo: null,
    ...extra,
  };
}
