import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { type Limits } from "../../../src/shared/limits.ts";
import { answerEvents } from "../../simulator/index.ts";
import { completed, created, delta, failure, messageDone, reasoning } from "../../support/replies.ts";
import { bodyOf, encode, piecesOf, readStream } from "../../support/stream.ts";

const text = "Grüße, 世界 🙂\nsecond line";

test("an end at any byte before the last event is an early end", async () => {
  const events = answerEvents({ text, deltas: 2 });
  const bytes = encode(events);
  const last = bytes.length - encode(events.slice(-1)).length;
  for (let at = 0; at <= last; at++) {
    const error = await failure(readStream(bodyOf(bytes.subarray(0, at))));
    expect(error.code, `end after ${at} bytes`).toBe("INCOMPLETE");
  }
});

test("a last event without its blank line counts, if it is whole", async () => {
  const bytes = encode(answerEvents({ text }));
  const brace = bytes.lastIndexOf("}");
  expect((await readStream(bodyOf(bytes.subarray(0, brace + 1)))).text).toBe(text);
  expect((await failure(readStream(bodyOf(bytes.subarray(0, brace))))).code).toBe("INCOMPLETE");
});

test("what had come before an early end is kept, and not sent for again", async () => {
  const error = await failure(readStream(bodyOf(encode([created, delta("Half of "), delta("it")]))));
  expect(error).toMatchObject({
    code: "INCOMPLETE",
    details: { partialText: "Half of it", retryable: false },
  });
});

test("an early end before any text may be tried again", async () => {
  const error = await failure(readStream(bodyOf(encode([created, reasoning("**Thinking**")]))));
  expect(error).toMatchObject({ code: "INCOMPLETE", details: { retryable: true } });
  expect(error.details.partialText).toBeUndefined();
});

test("a broken connection after text is an early end as well", async () => {
  const stream = new PassThrough();
  const result = readStream(stream);
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
  const stream = bodyOf(...piecesOf(bytes, 100));
  expect((await failure(readStream(stream, { limits }))).code).toBe("PROTOCOL");
  expect(stream.destroyed).toBe(true);
});

test("white space alone is no partial answer", async () => {
  const blank = await failure(readStream(bodyOf(encode([delta(" \n"), completed()]))));
  expect(blank.code).toBe("EMPTY_RESPONSE");
  expect(blank.details.partialText).toBeUndefined();
  const cut = await failure(readStream(bodyOf(encode([delta("\n")]))));
  expect(cut).toMatchObject({ code: "INCOMPLETE", details: { retryable: true } });
  expect(cut.details.partialText).toBeUndefined();
});

test("a partial answer is cut to its bound, never inside a character, and says so", async () => {
  const limits = { maxPartialChars: 5 };
  const partial = async (text: string) =>
    (await failure(readStream(bodyOf(encode([delta(text)])), { limits }))).details;
  expect(await partial("abcde")).toMatchObject({ partialText: "abcde" });
  expect((await partial("abcde")).partialTotalChars).toBeUndefined();
  expect(await partial("abcdef")).toMatchObject({ partialText: "abcde", partialTotalChars: 6 });
  expect(await partial("abcd🙂f")).toMatchObject({ partialText: "abcd", partialTotalChars: 7 });
});

test("an answer that is too large gives no more of it than a reader can take", async () => {
  const events = Array<object>(17).fill(delta("a".repeat(1024 * 1024)));
  const error = await failure(readStream(bodyOf(encode(events))));
  expect(error.code).toBe("PROTOCOL");
  expect(error.details.partialText).toHaveLength(450_000);
});

test("an unreadable event beside unfinished text is no answer", async () => {
  const events = [delta("some "), "data: {broken\n\n", delta("text"), completed()];
  expect(await failure(readStream(bodyOf(encode(events))))).toMatchObject({
    code: "PROTOCOL",
    details: { partialText: "some text" },
  });
});

test.each(["null", "42", "[]"])("an event of %s beside unfinished text costs nothing", async (data) => {
  const events = [delta("some "), `data: ${data}\n\n`, delta("text"), completed()];
  expect((await readStream(bodyOf(encode(events)))).text).toBe("some text");
});

test("an unreadable event does no harm when the whole message came", async () => {
  const events = [delta("some"), "data: {broken\n\n", messageDone("some text"), completed()];
  expect((await readStream(bodyOf(encode(events)))).text).toBe("some text");
});

test("a stream that was cancelled before it began is closed and leaves nothing behind", async () => {
  const stream = new PassThrough();
  const reason = new Error("gone");
  await expect(readStream(stream, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  // The late error of a destroyed body must find nobody; an unhandled one would end the process.
  stream.emit("error", new Error("aborted"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stream.destroyed).toBe(true);
});
