import type { StreamReply } from "./reply.ts";

/** Written together up to this size, so that 20,000 deltas are not 20,000 system calls. */
const BATCH_CHARS = 64 * 1024;

/** The bytes of a scripted stream: a piece ends where a promise holds the rest back. */
export async function* encodeStream(reply: StreamReply): AsyncGenerator<Buffer, void> {
  const lineEnding = reply.lineEnding ?? "\n";
  let batch = reply.bom === true ? "\uFEFF" : "";

  for (const item of reply.events) {
    let event = item;
    if (item instanceof Promise) {
      if (batch !== "") yield Buffer.from(batch);
      batch = "";
      event = await (item as Promise<unknown>);
      if (event === undefined) continue;
    }
    if (event instanceof Uint8Array) {
      if (batch !== "") yield Buffer.from(batch);
      batch = "";
      yield Buffer.from(event);
      continue;
    }
    batch += typeof event === "string" ? event : encodeEvent(event, lineEnding);
    if (batch.length >= BATCH_CHARS) {
      yield Buffer.from(batch);
      batch = "";
    }
  }
  if (batch !== "") yield Buffer.from(batch);
}

/** One server-sent event; `type`, where there is one, is the event's name too. */
export function encodeEvent(event: unknown, lineEnding = "\n"): string {
  const data = `data: ${JSON.stringify(event)}${lineEnding}${lineEnding}`;
  const hasType = typeof event === "object" && event !== null && "type" in event;
  return hasType ? `event: ${String(event.type)}${lineEnding}${data}` : data;
}

/** Where to cut `[from, to)` of the stream into socket writes. */
export function cutPoints(pieces: number | number[], from: number, to: number): number[] {
  const points: number[] = [];
  if (typeof pieces === "number") {
    const size = Math.max(1, pieces);
    for (let at = from - (from % size) + size; at < to; at += size) points.push(at);
  } else {
    points.push(...pieces.filter((at) => at > from && at < to).sort((a, b) => a - b));
  }
  return [...points, to];
}
