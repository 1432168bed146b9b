import type { ResponseEvent } from "../core/response-events.ts";
import { toResponseEvent } from "../wire/stream-events.ts";

/** Keeps a body that calls itself a stream until its first event: one without any may be an error's. */
export class EventlessBody {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.drop();
    this.#chunks?.push(chunk);
  }

  /** An event has come, so the body is a stream. */
  drop(): void {
    this.#chunks = undefined;
  }

  /** The error that the body is, if it is one. */
  failure(now: number): ResponseEvent | undefined {
    const text = new TextDecoder().decode(Buffer.concat(this.#chunks ?? []));
    if (!text.trimStart().startsWith("{")) return undefined;
    const event = toResponseEvent(text, now);
    return event.type === "failed" ? event : undefined;
  }
}
