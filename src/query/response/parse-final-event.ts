import * as z from "zod";
import { errorFields, parseRetryAfter, resetsAt, extractError } from "../../api/error-body.ts";
import { firstValue, type HeaderBag, toHeaderBag } from "../../api/headers.ts";
import { modelName } from "../../models/model-name.ts";
import { quotaFromHeaders } from "../../quota/rate-limit-headers.ts";
import { CodexError } from "../../shared/errors.ts";
import { optionalText } from "../../shared/json.ts";
import { anyItem, toItemEvent } from "./parse-output-item.ts";
import type { ItemEvent, ResponseEvent, Usage } from "./response-event.ts";

/** The model's name in a response; anything else is dropped. */
const reportedModel = z.string().regex(modelName).optional().catch(undefined);

/** Where events may name the model (docs/wire.md §12). */
const modelFields = z.object({
  response: z.object({ model: reportedModel, headers: z.unknown().optional() }).optional().catch(undefined),
  headers: z.unknown().optional(),
});

/** The model that a response's headers name (docs/wire.md §12). */
export function modelFromHeaders(headers: HeaderBag): string | undefined {
  return reportedModel.parse(firstValue(headers, "openai-model"));
}

/** The model that an event names. Headers win: the event itself may only repeat the requested name. */
export function modelFromEvent(event: object): string | undefined {
  const { data } = modelFields.safeParse(event);
  const headers = data?.response?.headers ?? data?.headers;
  return modelFromHeaders(toHeaderBag(headers)) ?? data?.response?.model;
}

type TypedEvent = { type: string };

const status = z.number().int().min(400).max(599).nullish().catch(undefined);
const headers = z.unknown().optional();

/** The error of an event that ends a stream. */
const failure = errorFields.extend({ status, headers });
/** Occurs flat and nested (docs/wire.md §12). */
const topLevelError = failure.extend({ error: failure.nullish().catch(undefined) });

const bareError = z.object({ error: failure.nullish().catch(undefined), status, headers });

function toFailed(error: Partial<z.infer<typeof failure>>, now: number): ResponseEvent {
  const bag = toHeaderBag(error.headers);
  return {
    type: "failed",
    failure: {
      code: error.code,
      type: error.type,
      message: error.message ?? "",
      param: error.param,
      status: error.status ?? undefined,
      resetsAt: resetsAt(error, now),
      retryAfterMs: parseRetryAfter(firstValue(bag, "retry-after"), now),
      quota: quotaFromHeaders(bag, now),
    },
  };
}

/** An error in the form of a response body, without an event type; undefined for anything else. */
export function parseBareError(json: unknown, now: number): ResponseEvent | undefined {
  const fields = extractError(json);
  if (fields === undefined) return undefined;
  return toFailed({ ...fields, ...mergeOuterFields(bareError.safeParse(json).data ?? {}) }, now);
}

/** The error; status and headers from the event if the error has none. */
function mergeOuterFields({ error, ...outer }: Partial<z.infer<typeof bareError>>): Partial<z.infer<typeof failure>> {
  return { ...error, status: error?.status ?? outer.status, headers: error?.headers ?? outer.headers };
}

/** Parses an event of a known kind. @throws CodexError `PROTOCOL` if it is malformed */
export function parseEvent<T>(schema: z.ZodType<T>, event: TypedEvent): T {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw malformedEvent(event.type, parsed.error);
}

export function malformedEvent(name: string, cause?: unknown): CodexError {
  return new CodexError("PROTOCOL", "The service sent an event in an unknown form.", {
    why: `The event is called "${name.slice(0, 60)}".`,
    cause,
  });
}

/** A whole number, also as text; anything else is undefined. */
const tokenCount = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .pipe(z.number().int().nonnegative())
  .optional()
  .catch(undefined);

/** Token counts of a response (docs/wire.md §12). */
const usage = z
  .object({
    input_tokens: tokenCount,
    output_tokens: tokenCount,
    input_tokens_details: z.object({ cached_tokens: tokenCount }).nullish().catch(undefined),
    output_tokens_details: z.object({ reasoning_tokens: tokenCount }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

/** Undefined without any known count. */
function toUsage(wire: z.infer<typeof usage>): Usage | undefined {
  if (!wire) return undefined;
  const counts: Usage = {
    inputTokens: wire.input_tokens,
    cachedInputTokens: wire.input_tokens_details?.cached_tokens,
    outputTokens: wire.output_tokens,
    reasoningTokens: wire.output_tokens_details?.reasoning_tokens,
  };
  return Object.values(counts).some((known) => known !== undefined) ? counts : undefined;
}

const incompleteDetails = z.object({ reason: optionalText }).nullish().catch(undefined);
const incomplete = z.object({ response: z.object({ usage, incomplete_details: incompleteDetails }) });
const completed = z.object({
  response: z.object({
    usage,
    output: z.array(z.unknown()).nullish().catch(undefined),
    model: reportedModel,
    end_turn: z.boolean().optional().catch(undefined),
    status: optionalText,
    error: failure.nullish().catch(undefined),
    incomplete_details: incompleteDetails,
  }),
});
const failed = z.object({ response: z.object({ error: failure.nullish() }) });

/** Despite the event's name, the status may say failed, incomplete or cancelled. */
export function fromCompleted(event: TypedEvent, now: number): ResponseEvent {
  const { response } = parseEvent(completed, event);
  switch (response.status) {
    case "failed":
      return toFailed(response.error ?? {}, now);
    case "incomplete":
      return toIncomplete(response);
    case "cancelled":
      return toIncomplete({ ...response, incomplete_details: { reason: "cancelled" } });
    default:
      return {
        type: "completed",
        usage: toUsage(response.usage),
        output: (response.output ?? []).flatMap(toListedItem),
        model: response.model,
        endTurn: response.end_turn,
      };
  }
}

export function fromIncomplete(event: TypedEvent): ResponseEvent {
  return toIncomplete(parseEvent(incomplete, event).response);
}

export function fromFailed(event: TypedEvent, now: number): ResponseEvent {
  return toFailed(parseEvent(failed, event).response.error ?? {}, now);
}

/** A top-level error. */
export function fromError(event: TypedEvent, now: number): ResponseEvent {
  const outer = parseEvent(topLevelError, event);
  // The outer type is the event's own name, not the error's.
  return toFailed(outer.error ? mergeOuterFields(outer) : { ...outer, type: undefined }, now);
}

function toIncomplete(response: z.infer<typeof incomplete>["response"]): ResponseEvent {
  return { type: "incomplete", reason: response.incomplete_details?.reason, usage: toUsage(response.usage) };
}

function toListedItem(item: unknown): ItemEvent[] {
  const { data } = anyItem.safeParse(item);
  const event = data && toItemEvent(data);
  return event === undefined || typeof event === "string" ? [] : [event];
}
