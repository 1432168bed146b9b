import type { HttpResponse } from "../../http/http.ts";
import { networkError } from "../../http/network-error.ts";
import { createEventReader } from "../../http/sse.ts";
import { resolveServedModel } from "../../models/model-name.ts";
import type { Clock } from "../../platform/clock.ts";
import { deferred } from "../../platform/promises.ts";
import type { Quota } from "../../quota/quota.ts";
import { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { FunctionCall, OutputItem } from "../request/conversation.ts";
import { StreamEmitter } from "./stream-emitter.ts";
import type { QueryProgress } from "./reply.ts";
import type { EventSink } from "./stream-event.ts";
import type { IdleTimeout } from "./idle-timeout.ts";
import { toResponseEvent } from "./parse-event.ts";
import { modelFromHeaders } from "./parse-final-event.ts";
import { ReplyBuilder } from "./reply-builder.ts";
import type { ResponseEvent, Usage } from "./response-event.ts";
import type { Source } from "./sources.ts";
import { partialAnswerError, streamTruncated, noAnswer, incompleteResponse, streamFailure } from "./stream-errors.ts";

/** Buffers a body until its first event: a body without events may be an error in JSON. */
class NonStreamBody {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.drop();
    this.#chunks?.push(chunk);
  }

  drop(): void {
    this.#chunks = undefined;
  }

  /** The body as an error, if it is one. */
  failure(now: number): ResponseEvent | undefined {
    const text = new TextDecoder().decode(Buffer.concat(this.#chunks ?? []));
    if (!text.trimStart().startsWith("{")) return undefined;
    const event = toResponseEvent(text, now);
    return event.type === "failed" ? event : undefined;
  }
}

export interface StreamResult {
  text: string;
  refused: boolean;
  sources: readonly Source[];
  functionCalls: readonly FunctionCall[];
  items: readonly OutputItem[];
  usage: Usage | undefined;
  /** What is unusual about the answer, one sentence each. */
  notices: readonly string[];
  /** The model that answered, else the requested one. */
  model: string;
}

interface StreamOptions {
  /** The requested model. */
  model: string;
  functionsOffered: boolean;
  origin: string;
  clock: Clock;
  limits: Limits;
  /** Started by the caller; events restart it, comments do not. */
  idle: Pick<IdleTimeout, "refresh" | "pause">;
  onProgress: (progress: QueryProgress) => void;
  onQuota: (quota: Quota) => void;
  /** Gets the answer as it streams, and pauses the body when its backlog is full. */
  sink?: EventSink | undefined;
}

const unfinishedNotice = "The model wanted to go on: its answer may be unfinished.";

/**
 * Reads a response up to its terminal event (docs/wire.md §12). The connection then drains by itself, so that the next
 * query can use it.
 *
 * @throws CodexError unless the answer is complete, with `partialText` if text has come; or the signal's reason
 */
export async function readResponseStream(
  response: HttpResponse,
  options: StreamOptions,
  signal: AbortSignal,
): Promise<StreamResult> {
  const { body, headers } = response;
  const { clock, limits, idle, onProgress, onQuota, origin, sink, functionsOffered } = options;
  const emitter = sink === undefined ? undefined : new StreamEmitter(sink);
  const builder = new ReplyBuilder(limits.maxAnswerChars, { emitter: emitter, functionsOffered });
  const ended = deferred<ResponseEvent | "end">();
  ended.promise.catch(() => undefined); // the body may fail after the last await
  let model = modelFromHeaders(headers);
  const nonStream = new NonStreamBody(limits.maxErrorBodyBytes);
  let finished = false;
  let sawEvent = false; // since the last restart of the idle timeout

  const reader = createEventReader((data) => {
    if (finished) return;
    sawEvent = true;
    nonStream.drop();
    const event = toResponseEvent(data, clock.now());
    if (event.type === "quota") onQuota(event.quota);
    if ("model" in event && event.model !== undefined) {
      model = resolveServedModel(options.model, model, event.model);
    }
    if (builder.add(event)) {
      finished = true;
      ended.resolve(event);
      return;
    }
    if (event.type === "text" || event.type === "part" || event.type === "message") {
      onProgress({ type: "writing", characters: builder.characters });
    } else if (event.type === "reasoning" && builder.characters === 0) {
      onProgress({ type: "thinking", heading: builder.heading });
    }
  }, limits.maxEventChars);

  const guarded = (work: () => void): void => {
    try {
      if (!finished) work();
    } catch (error) {
      ended.reject(error);
    }
  };
  body.on("data", (chunk: Buffer) => {
    guarded(() => {
      nonStream.add(chunk);
      reader.push(chunk);
      if (sawEvent) idle.refresh();
      sawEvent = false;
      if (sink?.needsDrain !== true || finished) return;
      body.pause();
      idle.pause();
      sink.onDrain(() => {
        idle.refresh();
        body.resume();
      });
    });
  });
  body.once("end", () => {
    guarded(() => {
      reader.end();
      ended.resolve(nonStream.failure(clock.now()) ?? "end");
    });
  });
  body.on("error", (error) => {
    ended.reject(networkError(error, origin, signal));
  });
  const onAbort = (): void => {
    ended.reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });

  try {
    signal.throwIfAborted();
    const last = await ended.promise;
    if (last !== "end" && last.type === "failed" && last.failure.quota !== undefined) {
      onQuota(last.failure.quota);
    }
    return { ...toResult(last, builder), model: model ?? options.model };
  } catch (error) {
    finished = true;
    body.destroy();
    if (!(error instanceof CodexError) || !builder.hasOutput) throw error;
    throw partialAnswerError(error, builder.answer().text, limits.maxPartialChars);
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (finished && !body.destroyed) drain(body, clock, limits.drainMs);
  }
}

function toResult(last: ResponseEvent | "end", builder: ReplyBuilder): Omit<StreamResult, "model"> {
  if (last === "end") throw streamTruncated();
  if (last.type === "failed") throw streamFailure(last.failure);
  if (last.type === "incomplete") throw incompleteResponse(last.reason);
  if (builder.isTruncated) throw new CodexError("PROTOCOL", "A part of the answer arrived unreadable.");
  const { text, refused } = builder.answer();
  const { functionCalls, usage } = builder;
  const wantedMore = last.type === "completed" && last.endTurn === false;
  if (!builder.hasOutput) throw noAnswer(builder.calledUndeclaredFunction, wantedMore);
  // After a call, the model rightly waits for the function's output.
  const notices = wantedMore && functionCalls.length === 0 ? [unfinishedNotice] : [];
  const [sources, items] = [builder.sources(), builder.items()];
  return { text, refused, sources, functionCalls, items, usage, notices };
}

/** Reads the rest after the terminal event, normally nothing; closes a connection that does not end in time. */
function drain(body: HttpResponse["body"], clock: Clock, drainMs: number): void {
  const timer = clock.timer(drainMs, () => body.destroy());
  body.once("close", () => {
    timer.cancel();
  });
  body.resume();
}
