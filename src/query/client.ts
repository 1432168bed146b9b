import { CodexError, programEnds } from "../shared/errors.ts";
import type { EventSink, EventStream } from "./response/stream-event.ts";
import type { Limits } from "../shared/limits.ts";
import { isSameModel } from "../models/model-name.ts";
import { findModel, type ModelList } from "../models/model.ts";
import { planFor, planQuery, type PlanContext, type QueryDefaults, type QueryPlan } from "./request/plan.ts";
import { type QueryProgress } from "./response/reply.ts";
import { type QueryReply } from "./response/reply.ts";
import { type QueryRequest } from "./request/request.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Random } from "../platform/random.ts";
import { redactError, type Redactor } from "../shared/redactor.ts";
import { deferred } from "../platform/promises.ts";
import { Semaphore } from "./semaphore.ts";
import { checkedRequest } from "./request/request.ts";
import { AnsweringAccount } from "../auth/account.ts";
import type { CredentialChooser } from "../auth/chooser.ts";
import type { ModelCatalog } from "../models/catalog.ts";
import { QueryAttempts, type PendingQuery } from "./attempts.ts";
import { EventQueue } from "./event-queue.ts";
import type { QuotaCache } from "../quota/quota-cache.ts";
import type { ResponsesEndpoint, ResponsesResult } from "./responses-endpoint.ts";

export interface CodexClientDeps {
  credentials: Pick<CredentialChooser, "get" | "sourceOf" | "replace">;
  catalog: Pick<ModelCatalog, "list" | "invalidate">;
  endpoint: ResponsesEndpoint;
  quota: QuotaCache;
  defaults: QueryDefaults;
  clock: Clock;
  random: Random;
  limits: Limits;
  redactor: Redactor;
  log: Log;
}

type OnProgress = (progress: QueryProgress) => void;

export interface QueryOptions {
  /** Ends the query; the connection is closed at once. */
  signal?: AbortSignal | undefined;
  onProgress?: OnProgress | undefined;
}

const uncancelled = new AbortController().signal;

/** Asks questions: queue, credential, plan, attempts. */
export class CodexClient {
  readonly #deps: CodexClientDeps;
  readonly #slots: Semaphore;
  readonly #attempts: QueryAttempts;
  readonly #account = new AnsweringAccount();
  /** Each query under way: what ends it, and when it has ended. */
  readonly #running = new Map<AbortController, Promise<undefined>>();
  #closed = false;

  constructor(deps: CodexClientDeps) {
    this.#deps = deps;
    this.#attempts = new QueryAttempts(deps);
    this.#slots = new Semaphore(deps.limits.maxConcurrentQueries);
  }

  /**
   * Ask once and wait for the whole answer.
   *
   * @throws CodexError; with `partialText` where a part of the answer had come.
   */
  query(request: QueryRequest, options: QueryOptions = {}): Promise<QueryReply> {
    return this.#run(request, options, undefined);
  }

  /**
   * Ask once and give the answer as it comes. Nothing is asked before the first `next`. Failures are
   * thrown by it, as `query` throws them; leaving the loop ends the query and its connection.
   */
  stream(request: QueryRequest, { signal = uncancelled, onProgress }: QueryOptions = {}): EventStream {
    return new EventQueue((sink, left) => {
      const either = AbortSignal.any([signal, left]);
      return this.#run(request, { signal: either, onProgress }, sink);
    }, this.#deps.limits.maxBacklogChars);
  }

  /** End every query; resolves when all have ended. None begins any more: each fails as `CANCELLED`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#running.keys()) end.abort(programEnds());
    await Promise.all(this.#running.values());
  }

  async #run(
    request: unknown,
    { signal = uncancelled, onProgress = () => undefined }: QueryOptions,
    sink: EventSink | undefined,
  ): Promise<QueryReply> {
    const { clock, limits } = this.#deps;
    const checked = checkedRequest(request, limits.maxPromptChars);
    if (this.#closed) throw programEnds();
    const total = new AbortController();
    const ended = deferred<undefined>();
    this.#running.set(total, ended.promise);
    const timer = clock.timer(limits.queryTimeoutMs, () => {
      const minutes = Math.round(limits.queryTimeoutMs / 60_000);
      total.abort(new CodexError("TIMEOUT", `The answer was not complete after ${minutes} minutes.`));
    });
    const either = AbortSignal.any([signal, total.signal]);
    try {
      const release = await this.#slots.acquire(either, (ahead) => {
        onProgress({ type: "queued", ahead });
      });
      try {
        return await this.#answer(checked, either, onProgress, sink);
      } finally {
        release();
      }
    } catch (error) {
      if (signal.aborted) throw new CodexError("CANCELLED", "The call was cancelled.", { cause: error });
      throw redactError(error, this.#deps.redactor);
    } finally {
      timer.cancel();
      this.#running.delete(total);
      ended.resolve(undefined);
    }
  }

  async #answer(
    request: QueryRequest,
    signal: AbortSignal,
    onProgress: OnProgress,
    sink: EventSink | undefined,
  ): Promise<QueryReply> {
    const { clock, credentials, catalog, quota, defaults } = this.#deps;
    const started = clock.elapsed();
    const credential = await credentials.get(signal);
    const list = await catalog.list(credential, signal);
    const context = { ...defaults, takesTemperature: credential.api.takesTemperature };
    const plan = planQuery(request, list, context);
    const attempt: PendingQuery = {
      request,
      credential,
      signal,
      onProgress,
      onQuota: (seen) => {
        quota.remember(credential, seen);
      },
      sink,
      retries: 0,
      credentialReplaced: false,
    };
    const { result, plan: used } = await this.#withSuccessor(attempt, list, plan, context);
    return {
      text: result.text,
      mode: attempt.credential.kind,
      refused: result.refused,
      sources: result.sources,
      functionCalls: result.functionCalls,
      items: result.items,
      model: result.model,
      effort: used.effort,
      usage: result.usage,
      durationMs: clock.elapsed() - started,
      quota: result.quota,
      notices: [
        ...used.notices,
        ...servedModelNotice(used.slug, result.model),
        ...result.notices,
        ...this.#account.changed(attempt.credential),
      ],
    };
  }

  /** The asked model; the catalogue's successor only after the service itself refused the name. */
  async #withSuccessor(
    attempt: PendingQuery,
    list: ModelList,
    plan: QueryPlan,
    context: PlanContext,
  ): Promise<Answered> {
    const { catalog } = this.#deps;
    try {
      return { result: await this.#attempts.ask(attempt, plan), plan };
    } catch (error) {
      if (!(error instanceof CodexError) || error.code !== "MODEL_UNAVAILABLE") throw error;
      if (error.details.retryable === false) throw error; // a part of the answer has been told
      catalog.invalidate(attempt.credential);
      const { upgradeTo } = plan.model ?? {};
      if (upgradeTo === undefined || upgradeTo === plan.slug) throw error;
      const successor = planFor(upgradeTo, findModel(list.models, upgradeTo), attempt.request, context);
      successor.notices.unshift(`${plan.slug} was refused by the service; its successor ${upgradeTo} answered.`);
      return { result: await this.#attempts.ask(attempt, successor), plan: successor };
    }
  }
}

/** The service may send a question to another model than the one that was asked for. */
function servedModelNotice(asked: string, answering: string): string[] {
  return isSameModel(asked, answering) ? [] : [`${asked} was asked for, ${answering} answered.`];
}

interface Answered {
  result: ResponsesResult;
  plan: QueryPlan;
}
