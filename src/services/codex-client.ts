import { CodexError, toCodexError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import { findModel, type ModelList } from "../core/models.ts";
import type { Quota } from "../core/quota.ts";
import {
  planFor,
  planQuery,
  type QueryDefaults,
  type QueryPlan,
  type QueryProgress,
  type QueryReply,
  type QueryRequest,
} from "../core/query.ts";
import { retryDelayMs } from "../core/retry.ts";
import type { TokenSet } from "../core/tokens.ts";
import { sleep, type Clock } from "../infra/clock.ts";
import type { Log } from "../infra/debug-log.ts";
import type { Random } from "../infra/random.ts";
import { Semaphore } from "../infra/semaphore.ts";
import type { RequestShape } from "../wire/response-request.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import type { QuotaMemory } from "./quota-memory.ts";
import type { ResponsesEndpoint, ResponsesResult } from "./responses-endpoint.ts";
import type { TokenManager } from "./token-manager.ts";

export interface CodexClientDeps {
  tokens: Pick<TokenManager, "getTokens" | "replaceRejected">;
  catalog: Pick<ModelCatalog, "list" | "invalidate">;
  endpoint: ResponsesEndpoint;
  quota: QuotaMemory;
  defaults: QueryDefaults;
  clock: Clock;
  random: Random;
  limits: Limits;
  log: Log;
}

type OnProgress = (progress: QueryProgress) => void;

/** Asks questions: queue, plan, tokens, attempts. */
export class CodexClient {
  readonly #deps: CodexClientDeps;
  readonly #slots: Semaphore;
  /** Models that took only the Lite shape (docs/wire.md §10). */
  readonly #liteOnly = new Set<string>();

  constructor(deps: CodexClientDeps) {
    this.#deps = deps;
    this.#slots = new Semaphore(deps.limits.maxConcurrentQueries);
  }

  /**
   * Ask once and wait for the whole answer.
   *
   * @throws CodexError; with `partialText` where a part of the answer had come.
   */
  async query(
    request: QueryRequest,
    signal: AbortSignal,
    onProgress: OnProgress = () => undefined,
  ): Promise<QueryReply> {
    const { clock, limits } = this.#deps;
    const total = new AbortController();
    const timer = clock.timer(limits.queryTimeoutMs, () => {
      const minutes = Math.round(limits.queryTimeoutMs / 60_000);
      total.abort(
        new CodexError("TIMEOUT", `The answer was not complete after ${minutes} minutes.`),
      );
    });
    const either = AbortSignal.any([signal, total.signal]);
    try {
      const release = await this.#slots.acquire(either, (ahead) => {
        onProgress({ type: "queued", ahead });
      });
      try {
        return await this.#answer(request, either, onProgress);
      } finally {
        release();
      }
    } catch (error) {
      if (signal.aborted)
        throw new CodexError("CANCELLED", "The call was cancelled.", { cause: error });
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async #answer(
    request: QueryRequest,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<QueryReply> {
    const { clock, tokens, catalog, quota, defaults } = this.#deps;
    const started = clock.elapsed();
    const login = await tokens.getTokens(signal);
    const list = await catalog.list(login, signal);
    const plan = planQuery(request, list, defaults);
    const attempt: Attempt = {
      request,
      login,
      list,
      signal,
      onProgress,
      onQuota: (seen) => {
        quota.remember(login, seen);
      },
      repetitions: 0,
      renewed: false,
    };
    const { result, plan: used } = await this.#withSuccessor(attempt, plan);
    return {
      text: result.text,
      refused: result.refused,
      model: used.slug,
      effort: used.effort,
      usage: result.usage,
      durationMs: clock.elapsed() - started,
      quota: result.quota,
      notices: used.notices,
    };
  }

  /** The asked model; the catalogue's successor only after the service itself refused the name. */
  async #withSuccessor(attempt: Attempt, plan: QueryPlan): Promise<Answered> {
    const { catalog, defaults } = this.#deps;
    try {
      return { result: await this.#inSomeShape(attempt, plan), plan };
    } catch (error) {
      if (!(error instanceof CodexError) || error.code !== "MODEL_UNAVAILABLE") throw error;
      catalog.invalidate(attempt.login);
      const { upgradeTo } = plan.model ?? {};
      if (upgradeTo === undefined || upgradeTo === plan.slug) throw error;
      const successor = planFor(
        upgradeTo,
        findModel(attempt.list.models, upgradeTo),
        attempt.request,
        defaults,
      );
      successor.notices.unshift(
        `${plan.slug} was refused by the service; its successor ${upgradeTo} answered.`,
      );
      return { result: await this.#inSomeShape(attempt, successor), plan: successor };
    }
  }

  /** Classic for every model; Lite once for a listed Lite model that refuses it for no other reason. */
  async #inSomeShape(attempt: Attempt, plan: QueryPlan): Promise<ResponsesResult> {
    if (this.#liteOnly.has(plan.slug)) return this.#withRetries(attempt, plan, "lite");
    try {
      return await this.#withRetries(attempt, plan, "classic");
    } catch (error) {
      if (plan.model?.lite !== true || !mayBeTheShape(error)) throw error;
      this.#deps.log("CODEX", `${plan.slug} refused the classic shape; trying Lite`);
      try {
        const result = await this.#withRetries(attempt, plan, "lite");
        this.#liteOnly.add(plan.slug);
        return result;
      } catch (liteError) {
        // A second refusal says that the shape was not the reason: the first one is the better text.
        throw mayBeTheShape(liteError) ? error : liteError;
      }
    }
  }

  /** At most two repetitions for the whole query, and none once answer text has come. */
  async #withRetries(
    attempt: Attempt,
    plan: QueryPlan,
    shape: RequestShape,
  ): Promise<ResponsesResult> {
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
        if (retryable !== true || tooLong || attempt.repetitions >= limits.maxRetries) throw error;
        const tries = ++attempt.repetitions;
        const delayMs = retryDelayMs(
          tries,
          retryAfterMs,
          limits.retryBaseDelayMs,
          random.fraction(),
        );
        log("CODEX", `attempt ${tries} failed with ${error.code}, next one in ${delayMs} ms`);
        onProgress({ type: "retry", attempt: tries + 1, delayMs, reason: error.message });
        await sleep(clock, delayMs, signal);
      }
    }
  }

  /** HTTP 401: what another process stored, else one refresh; then once more, then a clear error. */
  async #authorized(
    attempt: Attempt,
    plan: QueryPlan,
    shape: RequestShape,
  ): Promise<ResponsesResult> {
    const { endpoint, tokens } = this.#deps;
    const ask = (): Promise<ResponsesResult> =>
      endpoint.ask({ ...attempt, plan, shape, tokens: attempt.login });
    try {
      return await ask();
    } catch (error) {
      const rejected = error instanceof CodexError && error.code === "AUTH_EXPIRED";
      if (!rejected || attempt.renewed) throw error;
      attempt.renewed = true;
      attempt.login = await tokens.replaceRejected(attempt.login, attempt.signal);
      return await ask();
    }
  }
}

interface Attempt {
  request: QueryRequest;
  login: TokenSet;
  list: ModelList;
  signal: AbortSignal;
  onProgress: OnProgress;
  onQuota: (quota: Quota) => void;
  /** Requests that were repeated so far, in whatever shape and for whatever model. */
  repetitions: number;
  /** The service has refused the login once already. */
  renewed: boolean;
}

interface Answered {
  result: ResponsesResult;
  plan: QueryPlan;
}

/** Fields that belong to the classic shape itself, and to no value of ours. */
const classicFields = new Set(["instructions", "tools", "tool_choice", "parallel_tool_calls"]);

/** A refusal that no value of ours explains; the service does not say when it wants Lite. */
function mayBeTheShape(error: unknown): boolean {
  if (!(error instanceof CodexError)) return false;
  if (error.code === "MODEL_UNAVAILABLE")
    return !/requires a newer version/i.test(error.details.why ?? "");
  const { field, status } = error.details;
  if (status === 404) return true;
  if (status !== 400) return false; // a stream that had begun took the shape
  return error.code === "BAD_REQUEST" && (field === undefined || classicFields.has(field));
}
