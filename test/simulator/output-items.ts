/** The output items of an answer, each with the events that it comes in. */

export interface MessageOptions {
  text: string;
  deltas?: number | string[];
  refusal?: string;
}

export interface SimCall {
  callId: string;
  name: string;
  /** JSON. */
  arguments: string;
  namespace?: string;
}

export function pushReasoning(events: object[], itemId: string, parts: string[]): object {
  const at = { item_id: itemId, output_index: 0 };
  const item = { id: itemId, type: "reasoning", summary: [] as object[] };
  events.push({ type: "response.output_item.added", output_index: 0, item: { ...item } });
  parts.forEach((text, index) => {
    const where = { ...at, summary_index: index };
    const part = { type: "summary_text", text };
    events.push({
      type: "response.reasoning_summary_part.added",
      ...where,
      part: { ...part, text: "" },
    });
    for (const delta of slice(text, 2)) {
      events.push({ type: "response.reasoning_summary_text.delta", ...where, delta });
    }
    events.push({ type: "response.reasoning_summary_text.done", ...where, text });
    events.push({ type: "response.reasoning_summary_part.done", ...where, part });
  });
  const done = {
    ...item,
    summary: parts.map((text) => ({ type: "summary_text", text })),
    encrypted_content: "c2ltdWxhdGVkIHJlYXNvbmluZw",
  };
  events.push({ type: "response.output_item.done", output_index: 0, item: done });
  return done;
}

export function pushMessage(
  events: object[],
  itemId: string,
  outputIndex: number,
  { text, deltas = 4, refusal }: MessageOptions,
): object {
  const at = { item_id: itemId, output_index: outputIndex, content_index: 0 };
  const item = { id: itemId, type: "message", role: "assistant" };
  const kind = refusal === undefined ? "output_text" : "refusal";
  const whole = refusal ?? text;
  const part = (value: string): object =>
    kind === "refusal" ? { type: kind, refusal: value } : { type: kind, text: value, annotations: [], logprobs: [] };

  events.push({
    type: "response.output_item.added",
    output_index: outputIndex,
    item: { ...item, status: "in_progress", content: [] },
  });
  events.push({ type: "response.content_part.added", ...at, part: part("") });
  const pieces =
    typeof deltas === "number" || refusal !== undefined
      ? slice(whole, typeof deltas === "number" ? deltas : 1)
      : deltas;
  for (const delta of pieces) events.push({ type: `response.${kind}.delta`, ...at, delta });
  events.push({
    type: `response.${kind}.done`,
    ...at,
    ...(kind === "refusal" ? { refusal: whole } : { text: whole }),
  });
  events.push({ type: "response.content_part.done", ...at, part: part(whole) });
  const done = { ...item, status: "completed", content: [part(whole)], phase: "final_answer" };
  events.push({ type: "response.output_item.done", output_index: outputIndex, item: done });
  return done;
}

/** Cuts between characters, never inside a surrogate pair: JSON could not carry half of one. */
function slice(text: string, count: number): string[] {
  const characters = Array.from(text);
  const size = Math.max(1, Math.ceil(characters.length / Math.max(1, count)));
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; start += size) {
    pieces.push(characters.slice(start, start + size).join(""));
  }
  return pieces;
}

/** The arguments come in two pieces, as they would from a model. */
export function pushCall(events: object[], itemId: string, outputIndex: number, call: SimCall): object {
  const at = { item_id: itemId, output_index: outputIndex };
  const { callId, name, namespace } = call;
  const item = {
    id: itemId,
    type: "function_call",
    call_id: callId,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
  const added = { ...item, status: "in_progress", arguments: "" };
  events.push({ type: "response.output_item.added", output_index: outputIndex, item: added });
  for (const delta of slice(call.arguments, 2)) {
    events.push({ type: "response.function_call_arguments.delta", ...at, delta });
  }
  const whole = { arguments: call.arguments };
  events.push({ type: "response.function_call_arguments.done", ...at, ...whole });
  const done = { ...item, status: "completed", ...whole };
  events.push({ type: "response.output_item.done", output_index: outputIndex, item: done });
  return done;
}
