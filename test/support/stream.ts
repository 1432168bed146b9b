import { Readable } from "node:stream";
import { defaultLimits, type Limits } from "../../src/shared/limits.ts";
import type { QueryProgress } from "../../src/query/response/reply.ts";
import type { Quota } from "../../src/quota/quota.ts";
import { readResponseStream, type StreamResult } from "../../src/query/response/response-stream.ts";
import { encodeEvent } from "../simulator/index.ts";
import { fakeClock } from "./fake-clock.ts";

export interface ReadOptions {
  limits?: Partial<Limits>;
  signal?: AbortSignal;
  onProgress?: (progress: QueryProgress) => void;
  onQuota?: (quota: Quota) => void;
  onIdle?: () => void;
}

/** Read a body as the answer to a question. */
export function readStream(body: Readable, options: ReadOptions = {}): Promise<StreamResult> {
  const ignore = (): void => undefined;
  return readResponseStream(
    { status: 200, headers: {}, body: body },
    {
      model: "gpt-5.5",
      functionsOffered: true,
      origin: "https://api.test",
      clock: fakeClock(),
      limits: { ...defaultLimits, ...options.limits },
      idle: { refresh: options.onIdle ?? ignore, pause: ignore },
      onProgress: options.onProgress ?? ignore,
      onQuota: options.onQuota ?? ignore,
    },
    options.signal ?? new AbortController().signal,
  );
}

/** Events, or text as it is, as the bytes of a stream. */
export function encode(events: readonly unknown[], lineEnd = "\n"): Buffer {
  return Buffer.from(events.map((event) => (typeof event === "string" ? event : encodeEvent(event, lineEnd))).join(""));
}

/** A body that arrives in these pieces. */
export function bodyOf(...chunks: Uint8Array[]): Readable {
  return Readable.from(chunks, { objectMode: false });
}

/** Bytes in pieces of one size. */
export function piecesOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}
