import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { defaultLimits, type Limits } from "../../src/core/limits.ts";
import type { QueryProgress } from "../../src/core/query.ts";
import type { HttpResponse } from "../../src/infra/http.ts";
import { readResponseStream } from "../../src/services/response-stream.ts";
import { answerEvents, encodeEvent, rateLimitsEvent } from "../simulator/index.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { completed, created, delta, failure, messageDone, reasoning } from "../support/replies.ts";

const never = new AbortController().signal;
const text = "Grüße, 世界 🙂\nsecond line";

interface Options {
  limits?: Partial<Limits>;
  signal?: AbortSignal;
  onProgress?: (progress: QueryProgress) => void;
  onIdle?: () => void;
}

function read(body: Readable, options: Options = {}) {
  const clock = fakeClock();
  return readResponseStream(
    { status: 200, headers: {}, body: body as unknown as HttpResponse["body"] },
    {
      origin: "https://api.test",
      clock,
      limits: { ...defaultLimits, ...options.limits },
      idle: { refresh: options.onIdle ?? (() => undefined), cancel: () => undefined },
      onProgress: options.onProgress ?? (() => undefined),
      onQuota: () => undefined,
    },
    options.signal ?? never,
  );
}

function encode(events: readonly unknown[], lineEnd = "\n"): Buffer {
  return Buffer.from(
    events
      .map((event) => (typeof event === "string" ? event : encodeEvent(event, lineEnd)))
      .join(""),
  );
}

/** A body that arrives in these pieces. */
function body(...chunks: Uint8Array[]): Readable {
  return Readable.from(chunks, { objectMode: false });
}

test("an end at any byte before the last event is an early end", async () => {
  const events = answerEvents({ text, deltas: 2 });
  const bytes = encode(events);
  const last = bytes.length - encode(events.slice(-1)).length;
  for (let at = 0; at <= last; at++) {
    const error = await failure(read(body(bytes.subarray(0, at))));
    expect(error.code, `end after ${at} bytes`).toBe("INCOMPLETE");
  }
});

test("a last event without its blank line counts, if it is whole", async () => {
  const bytes = encode(answerEvents({ text }));
  const brace = bytes.lastIndexOf("}");
  expect((await read(body(bytes.subarray(0, brace + 1)))).text).toBe(text);
  expect((await failure(read(body(bytes.subarray(0, brace))))).code).toBe("INCOMPLETE");
});

test("what had come before an early end is kept, and not sent for again", async () => {
  const error = await failure(read(body(encode([created, delta("Half of "), delta("it")]))));
  expect(error).toMatchObject({
    code: "INCOMPLETE",
    details: { partialText: "Half of it", retryable: false },
  });
});

test("an early end before any text may be tried again", async () => {
  const error = await failure(read(body(encode([created, reasoning("**Thinking**")]))));
  expect(error).toMatchObject({ code: "INCOMPLETE", details: { retryable: true } });
  expect(error.details.partialText).toBeUndefined();
});

test("a broken connection after text is an early end as well", async () => {
  const stream = new PassThrough();
  const result = read(stream);
  stream.write(encode([created, delta("Half")]));
  await new Promise((resolve) => setImmediate(resolve));
  stream.destroy(Object.assign(new Error("boom"), { code: "ECONNRESET" }));
  expect(await failure(result)).toMatchObject({
    code: "INCOMPLETE",
    details: { partialText: "Half", why: expect.stringContaining("ECONNRESET") as unknown },
  });
});

test.each<[string, unknown[], Partial<Limits>]>([
  ["one event", [messageDone("a".repeat(500))], { maxEventChars: 300 }],
  ["an answer in deltas", Array<object>(100).fill(delta("a".repeat(10))), { maxAnswerChars: 500 }],
  ["an answer in one item", [messageDone("a".repeat(501))], { maxAnswerChars: 500 }],
])("%s above its bound ends the stream", async (_, events, limits) => {
  const bytes = encode([created, ...events, completed()]);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, n) =>
    bytes.subarray(n * 100, (n + 1) * 100),
  );
  const stream = body(...chunks);
  expect((await failure(read(stream, { limits }))).code).toBe("PROTOCOL");
  expect(stream.destroyed).toBe(true);
});

test("an unreadable event beside unfinished text is no answer", async () => {
  const events = [delta("some "), "data: {broken\n\n", delta("text"), completed()];
  expect(await failure(read(body(encode(events))))).toMatchObject({
    code: "PROTOCOL",
    details: { partialText: "some text" },
  });
});

test("an unreadable event does no harm when the whole message came", async () => {
  const events = [delta("some"), "data: {broken\n\n", messageDone("some text"), completed()];
  expect((await read(body(encode(events)))).text).toBe("some text");
});

test("a stream that was cancelled before it began is closed and leaves nothing behind", async () => {
  const stream = new PassThrough();
  const reason = new Error("gone");
  await expect(read(stream, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  // The late error of a destroyed body must find nobody; an unhandled one would end the process.
  stream.emit("error", new Error("aborted"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stream.destroyed).toBe(true);
});
