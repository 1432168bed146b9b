import type { Credential } from "../api/credential.ts";
import { newerVersionWanted } from "../api/api-error.ts";
import type { CredentialChooser } from "../auth/chooser.ts";
import { type Clock, sleep } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Random } from "../platform/random.ts";
import type { Quota } from "../quota/quota.ts";
import { CodexError, toCodexError } from "../shared/errors.ts";
import type { Limits } from "../shared/limits.ts";
import type { QueryPlan } from "./request/plan.ts";
import type { QueryProgress } from "./response/reply.ts";
import type { QueryRequest } from "./request/request.ts";
import type { RequestShape } from "./request/body.ts";
import type { ResponsesEndpoint, ResponsesResult } from "./responses-endpoint.ts";
import type { EventSink } from "./response/stream-event.ts";

/**
 * How long to wait before attempt `attempt` (1 for the first repetition): what the service asked
 * for, else exponential with up to half of jitter, so that many windows do not come back together.
 *
 * @param random a number in [0, 1)
 */
export function retryDelayMs(
  attempt: number,
  retryAfterMs: number | undefined,
  baseDelayMs: number,
  random: number,
): number {
  const exponential = baseDelayMs * 2 ** (attempt - 1);
  const jitter = exponential * 0.5 * random;
  return Math.round((retryAfterMs ?? exponential) + jitter);
}

export interface QueryAttemptsDeps {
  credentials: Pick<CredentialChooser, "sourceOf" | "replace">;
  endpoint: ResponsesEndpoint;
  clock: Clock;
  random: Random;
  limits: Limits;
  log: Log;
}

/** A question under way; the attempts keep their count and the present credential in it. */
export interface PendingQuery {
  request: QueryRequest;
  credential: Credential;
  signal: AbortSignal;
  onProgress: (progress: QueryProgress) => void;
  onQuota: (quota: Quota) => void;
  /** Gets the answer as it comes. */
  sink: EventSink | undefined;
  /** Requests that were repeated so far, in whatever shape and for whatever model. */
  retries: number;
  /** The service has refused the credential once already. */
  credentialReplaced: boolean;
}

/** Sends one planned question as often as it takes: shapes, repetitions, one renewal of the login. */
export class QueryAttempts {
  readonly #deps: QueryAttemptsDeps;
  /** Models that took only the Lite shape (docs/wire.md §10). */
  readonly #liteOnly = new Set<string>();

  constructor(deps: QueryAttemptsDeps) {
    this.#deps = deps;
  }

  /**
   * Classic for every model; Lite once for a listed Lite model that refuses it for no other reason.
   *
   * @throws CodexError; or the signal's reason.
   */
  async ask(attempt: PendingQuery, plan: QueryPlan): Promise<ResponsesResult> {
    try {
      return await this.#inShape(attempt, plan);
    } catch (error) {
      // Models behind an API key differ in this, and no list says which of them takes it.
      if (plan.temperature === undefined || !rejectsField(error, "temperature")) throw error;
      plan.temperature = undefined;
      plan.notices.push(`temperature was not used: ${plan.slug} refuses it.`);
      return this.#inShape(attempt, plan);
    }
  }

  async #inShape(attempt: PendingQuery, plan: QueryPlan): Promise<ResponsesResult> {
    if (this.#liteOnly.has(plan.slug)) return this.#withRetries(attempt, plan, "lite");
    try {
      return await this.#withRetries(attempt, plan, "classic");
    } catch (error) {
      if (plan.model?.lite !== true || !mayBeShapeRefusal(error)) throw error;
      this.#deps.log("CODEX", `${plan.slug} refused the classic shape; trying Lite`);
      try {
        const result = await this.#withRetries(attempt, plan, "lite");
        this.#liteOnly.add(plan.slug);
        return result;
      } catch (liteError) {
        // A second refusal says that the shape was not the reason: the first one is the better text.
        throw mayBeShapeRefusal(liteError) ? error : liteError;
      }
    }
  }

  /** At most two repetitions for the whole query, and none once text or a call has come. */
  async #withRetries(attempt: PendingQuery, plan: QueryPlan, shape: RequestShape): Promise<ResponsesResult> {
    const { clock, random, limits, log } = this.#deps;
    const { signal, onProgress } = attempt;
    for (;;) {
      try {
        onProgress({ type: "sent" });
        return await this.#authorized(attempt, plan, shape);
      } catch (thrown) {
        if (signal.aborted) throw thrown; // with the text that had come, where there was any
        const error = toCodexError(thrown);
        const { retryable, retryAfterMs } = error.details;
        const tooLong = (retryAfterMs ?? 0) > limits.maxRetryAfterMs;
        if (retryable !== true || tooLong || attempt.retries >= limits.maxRetries) throw error;
        const tries = ++attempt.retries;
        const delayMs = retryDelayMs(tries, retryAfterMs, limits.retryBaseDelayMs, random.fraction());
        log("CODEX", `attempt ${tries} failed with ${error.code}, next one in ${delayMs} ms`);
        onProgress({ type: "retry", attempt: tries + 1, delayMs, reason: error.message });
        await sleep(clock, delayMs, signal);
      }
    }
  }

  /** A refused login: what another process stored, else one refresh; then once more, then an error. */
  async #authorized(attempt: PendingQuery, plan: QueryPlan, shape: RequestShape): Promise<ResponsesResult> {
    const { endpoint, credentials } = this.#deps;
    const source = credentials.sourceOf(attempt.credential);
    const ask = (): Promise<ResponsesResult> =>
      endpoint.ask({ ...attempt, plan, shape }).catch((error: unknown) => {
        throw source.explain?.(error) ?? error;
      });
    try {
      return await ask();
    } catch (error) {
      const rejected = error instanceof CodexError && error.code === "AUTH_EXPIRED";
      if (!rejected || attempt.credentialReplaced || !source.replaceable) throw error;
      attempt.credentialReplaced = true;
      attempt.credential = await credentials.replace(attempt.credential, attempt.signal);
      return await ask();
    }
  }
}

function rejectsField(error: unknown, field: string): boolean {
  return (
    error instanceof CodexError &&
    error.code === "BAD_REQUEST" &&
    error.details.field === field &&
    error.details.retryable !== false // a part of the answer was given
  );
}

/** Fields that belong to the classic shape itself, and to no value of ours. */
const classicFields = new Set(["instructions", "tools", "tool_choice", "parallel_tool_calls"]);

/** What a caller says of its own functions; their type is ours. */
const callersToolField = /^tools\[\d+\]\.(name|description|parameters|strict)/;

/**
 * A refusal that no value of ours explains; the service does not say when it wants Lite. One with
 * 400 or 404 alone, also where an error inside the stream names that status: a stream that goes on
 * to an answer has taken the shape.
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
