import * as z from "zod";
import type { ItemRef, ResponseEvent } from "./response-event.ts";
import {
  parseEvent,
  fromCompleted,
  fromError,
  fromFailed,
  fromIncomplete,
  parseBareError,
  modelFromEvent,
  malformedEvent,
} from "./parse-final-event.ts";
import { optionalText, parseJson } from "../../shared/json.ts";
import { anyItem, toCallStart, toItemEvent } from "./parse-output-item.ts";
import { quotaFromEvent, rateLimitsEvent } from "../../quota/rate-limit-headers.ts";

const itemRef = z.object({ output_index: z.number().int().optional().catch(undefined), item_id: optionalText });

const textDelta = z.object({ delta: z.string() });
const partText = z.object({ text: optionalText, refusal: optionalText });
const finishedPart = partText.extend({
  content_index: z.number().int().optional().catch(undefined),
  part: partText
    .extend({ type: z.enum(["output_text", "refusal"]) })
    .optional()
    .catch(undefined),
});
const oneItem = z.object({ item: anyItem });

const typedEvent = z.object({ type: z.string() }).loose();

/**
 * Parses the data of one server-sent event. Unknown kinds and JSON that is no object are "other"; data that is not
 * JSON, or an object without a type, is "unreadable". An error may have no type.
 *
 * @throws CodexError `PROTOCOL` for a malformed event that the answer depends on
 */
export function toResponseEvent(data: string, now: number): ResponseEvent {
  const json = parseJson(data);
  // Checked by hand: nearly every event of a long answer is a text delta, and a schema costs more than its JSON.parse.
  if (isPlainTextDelta(json)) {
    const { delta, output_index: index, item_id: id } = json;
    return { type: "text", delta, item: { index, id } };
  }
  const { data: event } = typedEvent.safeParse(json);
  if (event !== undefined) return parseTypedEvent(event, now);
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  if (isObject) return parseBareError(json, now) ?? { type: "unreadable" };
  // Other JSON can be no event, so nothing of the answer is lost with it; broken JSON may have been a part of it.
  return { type: json !== undefined || data === "[DONE]" ? "other" : "unreadable" };
}

interface PlainTextDelta {
  type: "response.output_text.delta";
  delta: string;
  output_index: number | undefined;
  item_id: string | undefined;
}

function isPlainTextDelta(json: unknown): json is PlainTextDelta {
  if (typeof json !== "object" || json === null) return false;
  const event = json as Partial<Record<keyof PlainTextDelta, unknown>>;
  return (
    event.type === "response.output_text.delta" &&
    typeof event.delta === "string" &&
    (event.output_index === undefined || typeof event.output_index === "number") &&
    (event.item_id === undefined || typeof event.item_id === "string")
  );
}

function parseTypedEvent(event: z.infer<typeof typedEvent>, now: number): ResponseEvent {
  switch (event.type) {
    case "response.created":
    case "response.in_progress":
    case "response.metadata": {
      const model = modelFromEvent(event);
      return model === undefined ? { type: "other" } : { type: "model", model };
    }
    case "response.output_text.delta":
    case "response.refusal.delta": {
      const item = toItemRef(event);
      const { data } = textDelta.safeParse(event);
      if (data === undefined) return { type: "unreadable", item };
      const refusal: { refused?: true } = event.type === "response.refusal.delta" ? { refused: true } : {};
      return { type: "text", delta: data.delta, item, ...refusal };
    }
    case "response.output_text.done":
    case "response.refusal.done":
    case "response.content_part.done": {
      const { data } = finishedPart.safeParse(event);
      const part = toPart(event.type === "response.content_part.done" ? data?.part : data);
      return part === undefined
        ? { type: "other" }
        : { type: "part", ...part, index: data?.content_index, item: toItemRef(event) };
    }
    case "response.reasoning_summary_text.delta": {
      const { data } = textDelta.safeParse(event);
      return data === undefined ? { type: "other" } : { type: "reasoning", delta: data.delta };
    }
    case "response.reasoning_summary_part.added":
      return { type: "reasoning-part" };
    case "response.output_item.added": {
      const { data } = oneItem.safeParse(event);
      if (data?.item.type !== "function_call") return { type: "other" };
      const { index, id } = toItemRef(event);
      const item = { index, id: id ?? optionalText.parse(data.item["id"]) };
      return { type: "call-begun", item, call: toCallStart(data.item) };
    }
    case "response.function_call_arguments.delta": {
      const { data } = textDelta.safeParse(event);
      return data === undefined ? { type: "other" } : { type: "call-delta", delta: data.delta, item: toItemRef(event) };
    }
    case "response.output_item.done": {
      const { item } = parseEvent(oneItem, event);
      const itemEvent = toItemEvent(item, toItemRef(event).index);
      if (itemEvent === "malformed") throw malformedEvent(event.type);
      return itemEvent === "other" ? { type: "other" } : itemEvent;
    }
    case "codex.rate_limits": {
      const { data } = rateLimitsEvent.safeParse(event);
      const quota = data && quotaFromEvent(data, now);
      return quota === undefined ? { type: "other" } : { type: "quota", quota };
    }
    case "response.completed":
      return fromCompleted(event, now);
    case "response.incomplete":
      return fromIncomplete(event);
    case "response.failed":
      return fromFailed(event, now);
    case "error":
      return fromError(event, now);
    default:
      return { type: "other" };
  }
}

function toPart(part: z.infer<typeof partText> | undefined): { text: string; refused: boolean } | undefined {
  const text = part?.text ?? part?.refusal;
  return text === undefined ? undefined : { text, refused: part?.text === undefined };
}

/** The item that an event refers to; malformed references are dropped. */
function toItemRef(event: object): ItemRef {
  const { output_index: index, item_id: id } = itemRef.parse(event);
  return { index, id };
}
