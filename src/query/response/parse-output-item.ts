import * as z from "zod";
import { optionalText } from "../../shared/json.ts";
import type { CallStart, ItemEvent, MessageItem } from "./response-event.ts";
import { toSource, type Source } from "./sources.ts";

const part = z.union([
  z.object({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.unknown()).optional().catch(undefined),
  }),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({ type: z.string() }).loose(),
]);
/** Per part; far more than an answer shows. */
const maxCitations = 1_000;

const citation = z.object({
  type: z.literal("url_citation"),
  url: z.string(),
  title: optionalText,
});
const messageItem = z.object({
  type: z.literal("message"),
  id: z.string().nullish(),
  phase: z.string().nullish(),
  content: z.array(part),
});
const functionCallItem = z.object({
  type: z.literal("function_call"),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
  namespace: optionalText,
});
const startedCall = z.object({ call_id: z.string().min(1), name: z.string().min(1) });
const reasoningItem = z.object({
  type: z.literal("reasoning"),
  summary: z.array(z.object({ text: z.string() })).catch([]),
  encrypted_content: z.string(),
});

/** An item of any type. */
export const anyItem = z.object({ type: z.string() }).loose();

/** A finished output item (docs/wire.md §12). Reasoning without encrypted content is "other": it cannot go back. */
export function toItemEvent(item: z.infer<typeof anyItem>, index?: number): ItemEvent | "malformed" | "other" {
  switch (item.type) {
    case "message": {
      const { data } = messageItem.safeParse(item);
      if (data === undefined) return "malformed";
      return { type: "message", item: { index, id: data.id ?? undefined }, message: toMessage(data) };
    }
    case "function_call": {
      const { data } = functionCallItem.safeParse(item);
      if (data === undefined) return "malformed";
      const { call_id: callId, name, arguments: json, namespace } = data;
      const call = { callId, name, arguments: json, ...(namespace ? { namespace } : {}) };
      return { type: "call", item: { type: "function_call", ...call } };
    }
    case "reasoning": {
      const { data } = reasoningItem.safeParse(item);
      if (data === undefined) return "other";
      const summary = data.summary.map(({ text }) => text);
      const encryptedContent = data.encrypted_content;
      return { type: "reasoning-item", item: { type: "reasoning", summary, encryptedContent } };
    }
    default:
      return "other";
  }
}

/** The call that an item starts; undefined if the item doesn't name it. */
export function toCallStart(item: z.infer<typeof anyItem>): CallStart | undefined {
  const { data } = startedCall.safeParse(item);
  return data && { callId: data.call_id, name: data.name };
}

function toMessage(item: z.infer<typeof messageItem>): MessageItem {
  let text = "";
  let refused = false;
  const sources: Source[] = [];
  for (const content of item.content) {
    if (content.type === "output_text" && typeof content.text === "string") {
      text += content.text;
      const annotations = Array.isArray(content.annotations) ? content.annotations : [];
      sources.push(...annotations.slice(0, maxCitations).flatMap(toSources));
    }
    if (content.type === "refusal" && "refusal" in content && typeof content.refusal === "string") {
      text += content.refusal;
      refused = true;
    }
  }
  const phase = item.phase ?? undefined;
  return { text, refused, phase, ...(sources.length === 0 ? {} : { sources }) };
}

function toSources(annotation: unknown): Source[] {
  const { data } = citation.safeParse(annotation);
  const source = data && toSource(data.url, data.title);
  return source === undefined ? [] : [source];
}
