import { CodexError, type CodexErrorDetails } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { Quota } from "../core/quota.ts";
import type { QueryProgress } from "../core/query.ts";
import { ReplyBuilder } from "../core/reply.ts";
import type { ResponseEvent, StreamFailure, Usage } from "../core/response-events.ts";
import { refusalError } from "../core/response-errors.ts";
import { firstCharacters } from "../core/text.ts";
import type { Clock, Timer } from "../infra/clock.ts";
import { networkError, type HttpResponse } from "../infra/http.ts";
import { deferred } from "../infra/promises.ts";
import { createEventReader } from "../infra/sse.ts";
import { toResponseEvent } from "../wire/stream-events.ts";

export interface StreamResult {
  text: string;
  refused: boolean;
  usage: Usage | undefined;
}

export interface StreamOptions {
  origin: string;
  clock: Clock;
  limits: Limits;
  /** Started by the sender; every event winds it up again, comments do not. */
  idle: Timer;
  onProgress: (progress: QueryProgress) => void;
  onQuota: (quota: Quota) => void;
}

/**
 * Read one response to its terminal event (docs/wire.md §12). The connection is left to finish by
 * itself after that, so that it can serve the next question.
 *
 * @throws CodexError for every end that is not a complete answer, with `partialText` where text had
 *   come; or the signal's reason.
 */
export async function readResponseStream(
  response: HttpResponse,
  options: StreamOptions,
  signal: AbortSignal,
): Promise<StreamResult> {
  const { body } = response;
  const { clock, limits, idle, onProgress, onQuota, origin } = options;
  const builder = new ReplyBuilder(limits.maxAnswerChars);
  const over = deferred<ResponseEvent | "end">();
  over.promise.catch(() => undefined); // the body's last error may come when nobody waits any more
  let finished = false;
  let heard = false; // an event, since the idle limit was wound up last

  const reader = createEventReader((data) => {
    if (finished) return;
    heard = true;
    const event = toResponseEvent(data, clock.now());
    if (event.type === "quota") onQuota(event.quota);
    if (builder.add(event)) {
      finished = true;
      over.resolve(event);
      return;
    }
    if (event.type === "text" || event.type === "message") {
      onProgress({ type: "writing", characters: builder.characters });
    } else if (event.type === "reasoning" && builder.characters === 0) {
      onProgress({ type: "thinking", heading: builder.heading });
    }
  }, limits.maxEventChars);

  const guarded = (work: () => void): void => {
    try {
      if (!finished) work();
    } catch (error) {
      over.reject(error);
    }
  };
  body.on("data", (chunk: Buffer) => {
    guarded(() => {
      reader.push(chunk);
      if (heard) idle.refresh();
      heard = false;
    });
  });
  body.once("end", () => {
    guarded(() => {
      reader.end();
    });
    over.resolve("end");
  });
  body.on("error", (error) => {
    over.reject(networkError(error, origin, signal));
  });
  const onAbort = (): void => {
    over.reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });

  try {
    signal.throwIfAborted();
    const last = await over.promise;
    return judge(last, builder);
  } catch (error) {
    finished = true;
    body.destroy();
    const partialText = builder.answer().text;
    if (!(error instanceof CodexError) || partialText.trim() === "") throw error;
    throw amidAnswer(error).with({
      ...shortened(partialText, limits.maxPartialChars),
      retryable: false,
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (finished && !body.destroyed) finishLater(body, clock, limits.drainMs);
  }
}

function judge(last: ResponseEvent | "end", builder: ReplyBuilder): StreamResult {
  if (last === "end") throw cutOff();
  if (last.type === "failed") throw streamFailure(last.failure);
  if (last.type === "incomplete") throw stoppedShort(last.reason);
  if (builder.damaged) {
    throw new CodexError("PROTOCOL", "A part of the answer arrived unreadable.");
  }
  const { text, refused } = builder.answer();
  if (text.trim() === "") {
    throw new CodexError("EMPTY_RESPONSE", "Codex finished without any text.");
  }
  return { text, refused, usage: builder.usage };
}

/** Failures that would mean something else if no text had come: here they break an answer off. */
function amidAnswer(error: CodexError): CodexError {
  if (error.code === "NETWORK") return cutOff(error);
  // Nothing was renewed, since nothing may be asked twice; the next call does that.
  if (error.code === "AUTH_EXPIRED")
    return cutOff(error, "The service no longer accepted the login.");
  return error;
}

function shortened(
  text: string,
  max: number,
): Pick<CodexErrorDetails, "partialText" | "partialTotalChars"> {
  if (text.length <= max) return { partialText: text };
  return { partialText: firstCharacters(text, max), partialTotalChars: text.length };
}

function cutOff(cause?: CodexError, why = cause?.message): CodexError {
  return new CodexError("INCOMPLETE", "The stream ended before the answer was complete.", {
    why,
    retryable: true,
    cause,
  });
}

function stoppedShort(reason: string): CodexError {
  if (reason === "content_filter") {
    return new CodexError("POLICY", "The service's content filter stopped the answer.");
  }
  const why =
    reason === "max_output_tokens" ? "It reached the service's limit for one answer." : undefined;
  return new CodexError("INCOMPLETE", "The service stopped the answer before its end.", {
    why,
    next: "Ask for a shorter answer, or for one part at a time.",
  });
}

function streamFailure(failure: StreamFailure): CodexError {
  return refusalError({
    status: failure.status,
    inStream: true,
    code: failure.code,
    type: failure.type,
    message: failure.message,
    param: failure.param,
    resetsAt: failure.resetsAt,
    retryAfterMs: undefined,
    html: false,
    challenge: false,
    requestId: undefined,
  });
}

/** A stream that has said its last word normally ends at once; one that does not is dropped. */
function finishLater(body: HttpResponse["body"], clock: Clock, drainMs: number): void {
  const timer = clock.timer(drainMs, () => body.destroy());
  body.once("close", () => {
    timer.cancel();
  });
  body.resume();
}
