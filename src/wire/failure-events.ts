import * as z from "zod";
import type { ResponseEvent } from "../core/response-events.ts";
import { errorFields, parseRetryAfter, resetsAt, saidIn } from "./error-body.ts";
import { firstValue, toHeaderBag } from "./headers.ts";
import { quotaFromHeaders } from "./rate-limits.ts";

const status = z.number().int().min(400).max(599).nullish().catch(undefined);
const headers = z.unknown().optional();

/** The error of an event that ends a stream. */
export const failure = errorFields.extend({
  plan_type: z.string().nullish().catch(undefined),
  status,
  headers,
});
/** Seen flat and nested (docs/wire.md §12). */
export const topLevelError = failure.extend({ error: failure.nullish().catch(undefined) });

const untyped = z.object({ error: failure.nullish().catch(undefined), status, headers });

export function toFailed(error: Partial<z.infer<typeof failure>>, now: number): ResponseEvent {
  const bag = toHeaderBag(error.headers);
  return {
    type: "failed",
    failure: {
      code: error.code ?? undefined,
      type: error.type ?? undefined,
      message: error.message ?? "",
      param: error.param ?? undefined,
      status: error.status ?? undefined,
      resetsAt: resetsAt(error, now),
      retryAfterMs: parseRetryAfter(firstValue(bag, "retry-after"), now),
      quota: quotaFromHeaders(bag, now),
      plan: error.plan_type ?? undefined,
    },
  };
}

/** An error in the form of a body, without an event's type; undefined for anything else. */
export function fromUntyped(json: unknown, now: number): ResponseEvent | undefined {
  const said = saidIn(json);
  if (said === undefined) return undefined;
  return toFailed({ ...said, ...besideError(untyped.safeParse(json).data ?? {}) }, now);
}

/** The error, with what stands beside it where it does not say that itself. */
export function besideError({
  error,
  ...outer
}: Partial<z.infer<typeof untyped>>): Partial<z.infer<typeof failure>> {
  return {
    ...error,
    status: error?.status ?? outer.status,
    headers: error?.headers ?? outer.headers,
  };
}
