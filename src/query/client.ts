import { CodexError, programEnds } from "../shared/errors.ts";
import type { EventSink, EventStream } from "./response/stream-event.ts";
import type { Limits } from "../shared/limits.ts";
import { isSameModel } from "../models/model-name.ts";
import { findModel, type ModelList } from "../models/model.ts";
import { planFor, planQuery, type PlanContext, type QueryDefaults, type QueryPlan } from "./request/plan.ts";
import type { QueryProgress, QueryReply } from "./response/reply.ts";
import { checkedRequest, type QueryRequest } from "./request/request.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Random } from "../platform/random.ts";
import { redactError, type Redactor } from "../shared/redactor.ts";
import { deferred, uncancelled } from "../platform/promises.ts";
import { Semaphore } from "./semaphore.ts";
import { AnsweringAccount } from "../auth/account.ts";
import type { CredentialChooser } from "../auth/chooser.ts";
import type { ModelCatalog } from "../models/catalog.ts";
import { QueryAttempts, type PendingQuery } from "./attempts.ts";
import { EventQueue } from "./event-queue.ts";
import type { Quota } from "../quota/quota.ts";
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
  /** Ends the query and closes its connection at once. */
  signal?: AbortSignal | undefined;
  onProgress?: OnProgress | undefined;
}

/** Runs queries: queue, credential, plan, attempts. */
export class CodexClient {
  readonly #deps: CodexClientDeps;
  readonly #slots: Semaphore;
  readonly #attempts: QueryAttempts;
  readonly #account = new AnsweringAccount();
  /** What ends each query under way, and a promise of its end. */
  readonly #running = new Map<AbortController, Promise<undefined>>();
  #closed = false;

  constructor(deps: CodexClientDeps) {
    this.#deps = deps;
    this.#attempts = new QueryAttempts(deps);
    this.#slots = new Semaphore(deps.limits.maxConcurrentQueries);
  }

  /**
   * Asks once and waits for the whole answer.
   *
   * @throws CodexError; with `partialText` if a part of the answer had come
   */
  query(request: QueryRequest, options: QueryOptions = {}): Promise<QueryReply> {
    return this.#run(request, options, undefined);
  }

  /**
   * Asks once and gives the answer as it comes. Sends nothing before the first `next`, which throws what `query`
   * throws. Leaving the loop ends the query and closes its connection.
   */
  stream(request: QueryRequest, { signal = uncancelled, onProgress }: QueryOptions = {}): EventStream {
    return new EventQueue(
      (sink, left) => this.#run(request, { signal: AbortSignal.any([signal, left]), onProgress }, sink),
      this.#deps.limits.maxBacklogChars,
    );
  }

  /** Ends every query and resolves once all have ended. Later queries fail as `CANCELLED`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const running of this.#running.keys()) running.abort(programEnds());
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
    const controller = new AbortController();
    const ended = deferred<undefined>();
    this.#running.set(controller, ended.promise);
    const timer = clock.timer(limits.queryTimeoutMs, () => {
      const minutes = Math.ceil(limits.queryTimeoutMs / 60_000);
      controller.abort(new CodexError("TIMEOUT", `The answer was not complete after ${minutes} minutes.`));
    });
    const either = AbortSignal.any([signal, controller.signal]);
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
      this.#running.delete(controller);
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
    const { takesSamplingParameters } = credential.api;
    const context = { ...defaults, takesSamplingParameters };
    const plan = planQuery(request, list, context);
    const onQuota = (reported: Quota): void => {
      quota.remember(credential, reported);
    };
    const query = { request, credential, signal, onProgress, onQuota, sink, retries: 0, credentialReplaced: false };
    const { result, plan: used } = await this.#withSuccessor(query, list, plan, context);
    const servedOther = !isSameModel(used.slug, result.model);
    return {
      ...result,
      mode: query.credential.kind,
      effort: used.effort,
      durationMs: clock.elapsed() - started,
      notices: [
        ...used.notices,
        ...(servedOther ? [`${used.slug} was asked for, ${result.model} answered.`] : []),
        ...result.notices,
        ...this.#account.changed(query.credential),
      ],
    };
  }

  /** Asks the planned model; the list's successor only after the service itself refused the name. */
  async #withSuccessor(
    query: PendingQuery,
    list: ModelList,
    plan: QueryPlan,
    context: PlanContext,
  ): Promise<{ result: ResponsesResult; plan: QueryPlan }> {
    const { catalog } = this.#deps;
    try {
      return { result: await this.#attempts.ask(query, plan), plan };
    } catch (error) {
      if (!(error instanceof CodexError) || error.code !== "MODEL_UNAVAILABLE") throw error;
      if (error.details.retryable === false) throw error; // a part of the answer was given
      catalog.invalidate(query.credential);
      const { upgradeTo } = plan.model ?? {};
      if (upgradeTo === undefined || upgradeTo === plan.slug) throw error;
      const successor = planFor(upgradeTo, findModel(list.models, upgradeTo), query.request, context);
      successor.notices.unshift(`${plan.slug} was refused by the service; its successor ${upgradeTo} answered.`);
      return { result: await this.#attempts.ask(query, successor), plan: successor };
    }
  }
}
