import { newerVersionWanted } from "../api/api-error.ts";
import type { CredentialChooser } from "../auth/chooser.ts";
import { type Clock, sleep } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Random } from "../platform/random.ts";
import { CodexError, toCodexError } from "../shared/errors.ts";
import type { Limits } from "../shared/limits.ts";
import type { QueryPlan } from "./request/plan.ts";
import type { RequestShape } from "./request/body.ts";
import type { ResponsesCall, ResponsesEndpoint, ResponsesResult } from "./responses-endpoint.ts";

/**
 * The pause before a retry: the service's Retry-After, else exponential backoff. Adds up to half of the backoff as
 * jitter, so that many processes do not retry together.
 *
 * @param attempt 1 for the first retry
 * @param random in [0, 1)
 */
function retryDelayMs(attempt: number, retryAfterMs: number | undefined, baseDelayMs: number, random: number): number {
  const exponential = baseDelayMs * 2 ** (attempt - 1);
  const jitter = exponential * 0.5 * random;
  return Math.round((retryAfterMs ?? exponential) + jitter);
}

interface QueryAttemptsDeps {
  credentials: Pick<CredentialChooser, "sourceOf" | "replace">;
  endpoint: Pick<ResponsesEndpoint, "ask">;
  clock: Clock;
  random: Pick<Random, "fraction">;
  limits: Limits;
  log: Log;
}

/** A query under way; the attempts update its credential and its counts. */
export interface PendingQuery extends Omit<ResponsesCall, "plan" | "shape"> {
  /** Over all shapes and models. */
  retries: number;
  /** The service has rejected a credential of this query already. */
  credentialReplaced: boolean;
}

/** Sends a planned query with retries, the Lite fallback and one replaced credential after a 401. */
export class QueryAttempts {
  readonly #deps: QueryAttemptsDeps;
  /** Models that accept only the Lite shape (docs/wire.md §10). */
  readonly #liteOnly = new Set<string>();

  constructor(deps: QueryAttemptsDeps) {
    this.#deps = deps;
  }

  /**
   * Sends the classic shape first (docs/decisions.md#the-classic-request-shape-comes-first). Falls back to Lite if the
   * list marks the model as Lite and only the shape can be the reason for its refusal.
   *
   * @throws CodexError; or the signal's reason
   */
  async ask(query: PendingQuery, plan: QueryPlan): Promise<ResponsesResult> {
    try {
      return await this.#inShape(query, plan);
    } catch (error) {
      // No list says which models behind an API key accept a temperature.
      if (plan.temperature === undefined || !rejectsField(error, "temperature")) throw error;
      plan.temperature = undefined;
      plan.notices.push(`temperature was not used: ${plan.slug} refuses it.`);
      return this.#inShape(query, plan);
    }
  }

  async #inShape(query: PendingQuery, plan: QueryPlan): Promise<ResponsesResult> {
    if (this.#liteOnly.has(plan.slug)) return this.#withRetries(query, plan, "lite");
    try {
      return await this.#withRetries(query, plan, "classic");
    } catch (error) {
      if (plan.model?.lite !== true || !mayBeShapeRefusal(error)) throw error;
      this.#deps.log("CODEX", `${plan.slug} refused the classic shape; trying Lite`);
      try {
        const result = await this.#withRetries(query, plan, "lite");
        this.#liteOnly.add(plan.slug);
        return result;
      } catch (liteError) {
        // Lite is refused, too: the shape was not the reason, and the first refusal has the better message.
        throw mayBeShapeRefusal(liteError) ? error : liteError;
      }
    }
  }

  /** Shares the retries over the whole query; never retries once text or a call has come. */
  async #withRetries(query: PendingQuery, plan: QueryPlan, shape: RequestShape): Promise<ResponsesResult> {
    const { clock, random, limits, log } = this.#deps;
    const { signal, onProgress } = query;
    for (;;) {
      try {
        onProgress({ type: "sent" });
        return await this.#authorized(query, plan, shape);
      } catch (thrown) {
        if (signal.aborted) throw thrown; // may carry partial text
        const error = toCodexError(thrown);
        const { retryable, retryAfterMs } = error.details;
        const tooLong = (retryAfterMs ?? 0) > limits.maxRetryAfterMs;
        if (retryable !== true || tooLong || query.retries >= limits.maxRetries) throw error;
        const retry = ++query.retries;
        const delayMs = retryDelayMs(retry, retryAfterMs, limits.retryBaseDelayMs, random.fraction());
        log("CODEX", `attempt ${retry} failed with ${error.code}, next one in ${delayMs} ms`);
        onProgress({ type: "retry", attempt: retry + 1, delayMs, reason: error.message });
        await sleep(clock, delayMs, signal);
      }
    }
  }

  /** Replaces a rejected credential once per query: by one that another process stored, else by a refresh. */
  async #authorized(query: PendingQuery, plan: QueryPlan, shape: RequestShape): Promise<ResponsesResult> {
    const { endpoint, credentials } = this.#deps;
    const source = credentials.sourceOf(query.credential);
    const ask = (): Promise<ResponsesResult> =>
      endpoint.ask({ ...query, plan, shape }).catch((error: unknown) => {
        throw source.explain?.(error) ?? error;
      });
    try {
      return await ask();
    } catch (error) {
      const rejected = error instanceof CodexError && error.code === "AUTH_EXPIRED";
      if (!rejected || query.credentialReplaced || !source.replaceable) throw error;
      query.credentialReplaced = true;
      query.credential = await credentials.replace(query.credential, query.signal);
      return await ask();
    }
  }
}

function rejectsField(error: unknown, field: string): boolean {
  return (
    error instanceof CodexError &&
    error.code === "BAD_REQUEST" &&
    error.details.field === field &&
    error.details.retryable !== false // false: a part of the answer was given
  );
}

/** Fields that the classic shape adds itself, without a value of the caller. */
const classicFields = new Set(["instructions", "tools", "tool_choice", "parallel_tool_calls"]);

/** Values of the caller's own functions; only their `type` comes from the shape. */
const callersToolField = /^tools\[\d+\]\.(name|description|parameters|strict)/;

/**
 * True for a refusal that no sent value explains, since the service does not say when it wants Lite. Only 400 and 404
 * count, as a response or in a stream: a stream that goes on to an answer has accepted the shape.
 */
function mayBeShapeRefusal(error: unknown): boolean {
  if (!(error instanceof CodexError)) return false;
  const { field, status, retryable, why = "" } = error.details;
  if ((status !== 400 && status !== 404) || retryable === false) return false;
  if (error.code === "MODEL_UNAVAILABLE") return !newerVersionWanted.test(why);
  if (status === 404) return true;
  const head = field?.split(/[.[]/)[0];
  if (field !== undefined && callersToolField.test(field)) return false;
  return error.code === "BAD_REQUEST" && (head === undefined || classicFields.has(head));
}
