import { expect, test } from "vitest";
import type { QueryProgress } from "../../../src/query/response/reply.ts";
import { answerEvents, rateLimitsEvent } from "../../simulator/index.ts";
import { completed, created, delta, failure, messageDone, reasoning } from "../../support/replies.ts";
import { bodyOf, encode, piecesOf, readStream } from "../../support/stream.ts";

const text = "Grüße, 世界 🙂\nsecond line";

for (const lineEnd of ["\n", "\r\n", "\r"]) {
  test(`gives the same answer wherever the network cuts it (${JSON.stringify(lineEnd)})`, async () => {
    const events = answerEvents({ text, deltas: 3, reasoning: ["**Über 🙂**"] });
    const bytes = encode([`: keepalive${lineEnd}${lineEnd}`, ...events], lineEnd);
    for (let at = 1; at < bytes.length; at++) {
      const result = await readStream(bodyOf(bytes.subarray(0, at), bytes.subarray(at)));
      expect(result, `cut at ${at}`).toMatchObject({ text, refused: false });
    }
  });
}

test("gives the same answer byte by byte", async () => {
  const bytes = encode(answerEvents({ text, deltas: 9 }));
  const result = await readStream(bodyOf(...[...bytes].map((byte) => Uint8Array.of(byte))));
  expect(result.text).toBe(text);
});

test("an answer of 2 MB arrives in one line of one event", async () => {
  const long = "äöü🙂 ".repeat(400_000);
  const bytes = encode([created, messageDone(long), completed()]);
  expect((await readStream(bodyOf(...piecesOf(bytes, 65_536)))).text).toBe(long);
});

test("a hundred thousand tiny events are an answer like any other", async () => {
  const one = encode(Array<object>(100_000).fill(delta("ab")));
  const result = await readStream(bodyOf(one, encode([completed()])));
  expect(result.text).toHaveLength(200_000);
});

test("what brings an event is a sign of life, a comment alone is none", async () => {
  let signs = 0;
  const ping = encode([": ping\n\n"]);
  const parts = [ping, encode([created, ": ping\n\n"]), ping, encode([{ type: "keepalive" }])];
  await readStream(bodyOf(...parts, ping, encode([delta("a"), completed()])), {
    onIdle: () => signs++,
  });
  expect(signs).toBe(3);
});

test("tells what it does: thoughts until the answer begins, then characters", async () => {
  const told: QueryProgress[] = [];
  await readStream(
    bodyOf(encode([reasoning("**Checking the lock order**"), delta("four"), reasoning("x"), completed()])),
    { onProgress: (step) => told.push(step) },
  );
  expect(told).toEqual([
    { type: "thinking", heading: "Checking the lock order" },
    { type: "writing", characters: 4 },
  ]);
});

test("events after the last one change nothing", async () => {
  const late = [completed(), delta("late"), "data: {broken\n\n", { type: "response.completed" }];
  expect((await readStream(bodyOf(encode([delta("answer"), ...late])))).text).toBe("answer");
});

test("the quota of the stream is told as soon as it comes", async () => {
  const told: unknown[] = [];
  await failure(readStream(bodyOf(encode([rateLimitsEvent()])), { onQuota: (quota) => told.push(quota) }));
  expect(told).toMatchObject([{ plan: "plus", windows: [{ usedPercent: 12, windowMinutes: 300 }] }]);
});
