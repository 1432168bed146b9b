import type { Credential } from "../api/credential.ts";
import { CodexError } from "../shared/errors.ts";
import { retry } from "../shared/next-step.ts";
import type { EventSink } from "./response/stream-event.ts";
import type { Limits } from "../shared/limits.ts";
import { exhaustedUntil, type Quota } from "../quota/quota.ts";
import type { QueryPlan } from "./request/plan.ts";
import type { QueryProgress } from "./response/reply.ts";
import type { QueryRequest } from "./request/request.ts";
import { toApiError } from "../api/api-error.ts";
import type { Clock } from "../platform/clock.ts";
import { readText, type Http, type HttpResponse } from "../http/http.ts";
import { liteHeader } from "../api/constants.ts";
import type { ApiClient } from "../api/dialect.ts";
import { requestId, toApiErrorInfo } from "../api/error-body.ts";
import { type RequestShape, responseRequest } from "./request/body.ts";
import { quotaFromHeaders } from "../quota/rate-limit-headers.ts";
import { IdleTimeout } from "./response/idle-timeout.ts";
import { readResponseStream, type StreamResult } from "./response/response-stream.ts";

interface ResponsesEndpointDeps extends ApiClient {
  /** For the service's caches; one per process. */
  sessionId: string;
  idleTimeoutMs: number;
  http: Pick<Http, "send">;
  clock: Clock;
  limits: Limits;
}

export interface ResponsesCall {
  request: QueryRequest;
  plan: QueryPlan;
  shape: RequestShape;
  credential: Credential;
  signal: AbortSignal;
  onProgress: (progress: QueryProgress) => void;
  /** Called for every response with a quota, errors included. */
  onQuota: (quota: Quota) => void;
  /** Gets the answer as it streams. */
  sink?: EventSink | undefined;
}

export interface ResponsesResult extends StreamResult {
  quota: Quota | undefined;
}

/** One request to the Responses API and its stream (docs/wire.md §8, §9, §12). */
export class ResponsesEndpoint {
  readonly #deps: ResponsesEndpointDeps;

  constructor(deps: ResponsesEndpointDeps) {
    this.#deps = deps;
  }

  /** @throws CodexError; or the signal's reason */
  async ask(call: ResponsesCall): Promise<ResponsesResult> {
    const { idleTimeoutMs, clock, limits, http } = this.#deps;
    const silence = new AbortController();
    const idle = new IdleTimeout(clock, idleTimeoutMs, () => {
      silence.abort(new CodexError("TIMEOUT", `The service was silent for ${Math.ceil(idleTimeoutMs / 1000)} s.`));
    });
    const signal = AbortSignal.any([call.signal, silence.signal]);
    const { origin } = new URL(call.credential.baseUrl);
    let quota: Quota | undefined;
    const onQuota = (reported: Quota): void => {
      quota = reported;
      call.onQuota(reported);
    };
    try {
      const response = await http.send(
        {
          method: "POST",
          url: call.credential.api.responsesUrl(call.credential.baseUrl),
          headers: this.#headers(call),
          body: this.#body(call),
        },
        signal,
      );
      const inHeaders = quotaFromHeaders(response.headers, clock.now());
      if (inHeaders !== undefined) onQuota(inHeaders);
      await this.#assertStream(response, origin, signal);
      const { onProgress, sink, plan, request } = call;
      const { tools = [] } = request;
      const asked = { model: plan.slug, functionsOffered: tools.length > 0 };
      const stream = { ...asked, origin, clock, limits, idle, onProgress, onQuota, sink };
      const result = await readResponseStream(response, stream, signal).catch((error: unknown) => {
        throw error instanceof CodexError ? error.with({ requestId: requestId(response.headers) }) : error;
      });
      return { ...result, quota };
    } catch (error) {
      throw withReset(error, quota, clock.now());
    } finally {
      idle.cancel();
    }
  }

  #body({ request, plan, shape, credential }: ResponsesCall): string {
    const body = responseRequest(request, plan, shape, this.#deps.sessionId);
    return JSON.stringify(credential.api.body(body, plan));
  }

  #headers({ credential, plan, shape }: ResponsesCall): Record<string, string> {
    return {
      ...credential.api.headers(credential, this.#deps, plan.model?.minimalClientVersion),
      accept: "text/event-stream",
      "content-type": "application/json",
      "session-id": this.#deps.sessionId,
      ...(shape === "lite" ? { [liteHeader]: "true" } : {}),
    };
  }

  /** @throws CodexError for everything but an event stream */
  async #assertStream(response: HttpResponse, origin: string, signal: AbortSignal): Promise<void> {
    const { status, headers } = response;
    const type = String(headers["content-type"] ?? "")
      .trim()
      .toLowerCase();
    const encoded = headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity";
    // A response without a content type may still be a stream: its events decide.
    const untyped = type === "" && headers["cf-mitigated"] === undefined;
    const isStream = untyped || type.startsWith("text/event-stream");
    if (status === 200 && isStream && !encoded) return;
    const { clock, limits } = this.#deps;
    const timer = clock.timer(limits.errorBodyTimeoutMs, () => {
      if (status !== 200) response.body.destroy();
    });
    const text = await readText(response, limits.maxErrorBodyBytes, origin, signal)
      .catch((error: unknown) => {
        signal.throwIfAborted();
        if (status === 200 && !type.startsWith("text/html")) throw error;
        return ""; // the status is enough if the body is too large, too slow or broken
      })
      .finally(() => {
        timer.cancel();
      });
    const info = toApiErrorInfo(status, headers, text, clock.now());
    if (status !== 200 || info.challenge || info.html) throw toApiError(info);
    const message = "The service answered without a stream of events.";
    throw new CodexError("PROTOCOL", message, { requestId: info.requestId });
  }
}

/** Adds the reset time from the headers' quota if the body has none. A reset in the past allows a retry. */
function withReset(error: unknown, quota: Quota | undefined, now: number): unknown {
  if (!(error instanceof CodexError) || error.code !== "USAGE_LIMIT") return error;
  const resetsAt = error.details.resetsAt ?? (quota && exhaustedUntil(quota));
  if (resetsAt === undefined) return error;
  return error.with(resetsAt > now ? { resetsAt } : { resetsAt, next: [retry] });
}
