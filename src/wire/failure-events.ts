import * as z from "zod";
import type { ResponseEvent } from "../core/response-events.ts";
import { errorFields, resetsAt } from "./error-body.ts";

/** The error of an event that ends a stream. */
export const failure = errorFields.extend({
  plan_type: z.string().nullish().catch(undefined),
  status: z.number().int().min(400).max(599).nullish().catch(undefined),
});
/** Seen flat and nested (docs/wire.md §12). */
export const topLevelError = failure.extend({ error: failure.nullish().catch(undefined) });

export function toFailed(error: Partial<z.infer<typeof failure>>, now: number): ResponseEvent {
  return {
    type: "failed",
    failure: {
      code: error.code ?? undefined,
      type: error.type ?? undefined,
      message: error.message ?? "",
      param: error.param ?? undefined,
      status: error.status ?? undefined,
      resetsAt: resetsAt(error, now),
      plan: error.plan_type ?? undefined,
    },
  };
}
