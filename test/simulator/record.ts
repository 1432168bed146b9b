import type { IncomingMessage } from "node:http";

import { MAX_BODY_BYTES } from "./constants.ts";
import type { RecordedRequest } from "./types.ts";

export type Incoming = Omit<RecordedRequest, "n" | "at" | "route" | "done">;

/** Reads a request to its end. Undefined when the client went away before it had sent all. */
export async function readRequest(
  message: IncomingMessage,
  server: RecordedRequest["server"],
): Promise<Incoming | undefined> {
  const body = await readBody(message);
  if (body === undefined) return undefined;
  // Not by URL: it would take the path `//x/y` for a host.
  const [path = "/", ...query] = (message.url ?? "/").split("?");
  const headers = plainHeaders(message);
  const incoming: Incoming = {
    server,
    method: message.method ?? "GET",
    path,
    query: new URLSearchParams(query.join("?")),
    headers,
    rawHeaders: message.rawHeaders,
    body,
  };
  const type = mediaType(headers);
  if (type === "application/json") {
    const json = parseJson(body);
    if (json !== undefined) incoming.json = json;
  }
  if (type === "application/x-www-form-urlencoded") incoming.form = new URLSearchParams(body);
  return incoming;
}

export function mediaType(headers: Record<string, string>): string {
  return (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** Bytes above the limit are read and dropped: the client shall see our 413, not a reset. */
async function readBody(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size - chunk.length <= MAX_BODY_BYTES) chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function plainHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}
