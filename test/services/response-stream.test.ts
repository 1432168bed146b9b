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

for (const lineEnd of ["\n", "\r\n", "\r"]) {
  test(`gives the same answer wherever the network cuts it (${JSON.stringify(lineEnd)})`, async () => {
    const events = answerEvents({ text, deltas: 3, reasoning: ["**Über 🙂**"] });
    const bytes = encode([`: keepalive${lineEnd}${lineEnd}`, ...events], lineEnd);
    for (let at = 1; at < bytes.length; at++) {
      const result = await read(body(bytes.subarray(0, at), bytes.subarray(at)));
      expect(result, `cut at ${at}`).toMatchObject({ text, refused: false });
    }
  });
}

test("gives the same answer byte by byte", async () => {
  const bytes = encode(answerEvents({ text, deltas: 9 }));
  const result = await read(body(...[...bytes].map((byte) => Uint8Array.of(byte))));
  expect(result.text).toBe(text);
});

test("an answer of 2 MB arrives in one line of one event", async () => {
  const long = "äöü🙂 ".repeat(400_000);
  const bytes = encode([created, messageDone(long), completed()]);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, n) =>
    bytes.subarray(n * 65_536, (n + 1) * 65_536),
  );
  expect((await read(body(...chunks))).text).toBe(long);
});

test("a hundred thousand tiny events are an answer like any other", async () => {
  const one = encode(Array<object>(100_000).fill(delta("ab")));
  const result = await read(body(one, encode([completed()])));
  expect(result.text).toHaveLength(200_000);
});

test("what brings an event is a sign of life, a comment alone is none", async () => {
  let signs = 0;
  const ping = encode([": ping\n\n"]);
  const parts = [ping, encode([created, ": ping\n\n"]), ping, encode([{ type: "keepalive" }])];
  await read(body(...parts, ping, encode([delta("a"), completed()])), { onIdle: () => signs++ });
  expect(signs).toBe(3);
});

test("tells what it does: thoughts until the answer begins, then characters", async () => {
  const told: QueryProgress[] = [];
  await read(
    body(
      encode([
        reasoning("**Checking the lock order**"),
        delta("four"),
        reasoning("x"),
        completed(),
      ]),
    ),
    { onProgress: (step) => told.push(step) },
  );
  expect(told).toEqual([
    { type: "thinking", heading: "Checking the lock order" },
    { type: "writing", characters: 4 },
  ]);
});

test("events after the last one change nothing", async () => {
  const late = [completed(), delta("late"), "data: {broken\n\n", { type: "response.completed" }];
  expect((await read(body(encode([delta("answer"), ...late])))).text).toBe("answer");
});

test("the quota of the stream is told as soon as it comes", async () => {
  const told: unknown[] = [];
  const clock = fakeClock();
  await failure(
    readResponseStream(
      {
        status: 200,
        headers: {},
        body: body(encode([rateLimitsEvent()])) as unknown as HttpResponse["body"],
      },
      {
        origin: "https://api.test",
        clock,
        limits: defaultLimits,
        idle: { refresh: () => undefined, cancel: () => undefined },
        onProgress: () => undefined,
        onQuota: (quota) => told.push(quota),
      },
      never,
    ),
  );
  expect(told).toMatchObject([
    { plan: "plus", windows: [{ usedPercent: 12, windowMinutes: 300 }] },
  ]);
});

