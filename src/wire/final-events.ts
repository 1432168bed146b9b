import * as z from "zod";
import type { ItemEvent, ResponseEvent } from "../core/response-events.ts";
import { toldModel } from "./answering-model.ts";
import { besideError, failure, toFailed, topLevelError } from "./failure-events.ts";
import { expectForm } from "./known-form.ts";
import { anyItem, toItemEvent } from "./output-items.ts";
import { toUsage, usage } from "./usage.ts";

const incompleteDetails = z
  .object({ reason: z.string().optional().catch(undefined) })
  .nullish()
  .catch(undefined);
const incomplete = z.object({
  response: z.object({ usage, incomplete_details: incompleteDetails }),
});
const completed = z.object({
  response: z.object({
    usage,
    output: z.array(z.unknown()).nullish().catch(undefined),
    model: toldModel,
    end_turn: z.boolean().optional().catch(undefined),
    status: z.string().optional().catch(undefined),
    error: failure.nullish().catch(undefined),
    incomplete_details: incompleteDetails,
  }),
});
const failed = z.object({ response: z.object({ error: failure.nullish() }) });

type Named = { type: string };

/** The end of a response that is completed by name: its status may say otherwise. */
export function fromCompleted(event: Named, now: number): ResponseEvent {
  const { response } = expectForm(completed, event);
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

export function fromIncomplete(event: Named): ResponseEvent {
  return toIncomplete(expectForm(incomplete, event).response);
}

export function fromFailed(event: Named, now: number): ResponseEvent {
  return toFailed(expectForm(failed, event).response.error ?? {}, now);
}

/** A top-level error. */
export function fromError(event: Named, now: number): ResponseEvent {
  const outer = expectForm(topLevelError, event);
  // The outer type is the event's own name, not the error's.
  return toFailed(outer.error ? besideError(outer) : { ...outer, type: undefined }, now);
}

function toIncomplete(response: z.infer<typeof incomplete>["response"]): ResponseEvent {
  return {
    type: "incomplete",
    reason: response.incomplete_details?.reason,
    usage: toUsage(response.usage),
  };
}

function toListedItem(item: unknown): ItemEvent[] {
  const { data } = anyItem.safeParse(item);
  const read = data === undefined ? "other" : toItemEvent(data);
  return typeof read === "string" ? [] : [read];
}
