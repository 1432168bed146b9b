import { expect, test } from "vitest";
import { createEventReader } from "../../src/http/sse.ts";
import { fc } from "../support/chance.ts";

/** The events of these bytes, arriving in these pieces. */
function read(chunks: readonly Uint8Array[], maxChars = 10_000): string[] {
  const events: string[] = [];
  const reader = createEventReader((data) => events.push(data), maxChars);
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return events;
}

function split(bytes: Uint8Array, ...points: number[]): Uint8Array[] {
  const edges = [0, ...points.toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, n) => bytes.subarray(edges[n], end));
}

/** Comments, names, several data lines, ids, all widths of UTF-8; no blank line at the end. */
function sample(lineEnd: string): Uint8Array {
  const lines = [
    ": keepalive",
    "",
    "event: greeting",
    "data: Grüße, 世界 🙂",
    "",
    "data: one",
    "data:two",
    "id: 7",
    "retry: 5",
    "unknown: field",
    "",
    "data",
    "",
    "event: without data",
    "",
    "data: last",
  ];
  return new TextEncoder().encode(lines.join(lineEnd));
}

const expected = ["Grüße, 世界 🙂", "one\ntwo", "", "last"];

for (const [name, lineEnd] of [
  ["LF", "\n"],
  ["CRLF", "\r\n"],
  ["CR", "\r"],
] as const) {
  test(`gives the same events wherever the network cuts the bytes (${name})`, () => {
    const bytes = sample(lineEnd);
    for (let at = 0; at <= bytes.length; at++) {
      expect(read(split(bytes, at)), `cut at ${at}`).toEqual(expected);
    }
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  test(`gives the same events in any number of pieces (${name})`, () => {
    const bytes = sample(lineEnd);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (points) => {
        expect(read(split(bytes, ...points))).toEqual(expected);
      }),
    );
  });
}

test("line ends may be mixed within one stream", () => {
  const bytes = Buffer.from("data: a\r\n\ndata: b\r\rdata: c\n\r\ndata: d\n\n");
  for (let at = 0; at <= bytes.length; at++) {
    expect(read(split(bytes, at)), `cut at ${at}`).toEqual(["a", "b", "c", "d"]);
  }
});

test("a byte order mark is no part of the first line", () => {
  const bytes = Buffer.from("\ufeffdata: a\n\n");
  for (let at = 0; at <= bytes.length; at++) expect(read(split(bytes, at))).toEqual(["a"]);
});

test("comments give no event", () => {
  expect(read([Buffer.from(": ping\n\n:\n\n:data: no\n\n")])).toEqual([]);
});

test("broken UTF-8 gives replacement characters and nothing worse", () => {
  expect(read([Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xf0, 0x9f, 0x0a, 0x0a])])).toEqual(["\ufffd"]);
});

test("an event is told when its blank line is there, not only with the next one", () => {
  const events: string[] = [];
  const reader = createEventReader((data) => events.push(data), 100);
  reader.push(Buffer.from("data: now\n"));
  expect(events).toEqual([]);
  reader.push(Buffer.from("\n"));
  expect(events).toEqual(["now"]);
});

test.each([
  ["one line without end", ["data: ", "a".repeat(200)]],
  ["many lines of one event", Array<string>(50).fill("data: aaaaaaaaaa\n")],
  ["a comment without end", [":", "a".repeat(200)]],
])("%s is refused before it fills the memory", (_, parts) => {
  const bytes = parts.map((part) => Buffer.from(part));
  expect(() => read(bytes, 100)).toThrow(expect.objectContaining({ code: "PROTOCOL" }));
});

test("small events of any number stay below the bound of one", () => {
  const bytes = Buffer.from("data: aaaaaaaaaa\n\n".repeat(1000));
  expect(read([bytes], 100)).toHaveLength(1000);
});

test("random text cut anywhere gives what it gives in one piece", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string().map((text) => `data: ${text}`),
    fc.constant(""),
  );
  const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")));
  fc.assert(
    fc.property(stream, fc.array(fc.nat()), (lines, points) => {
      const bytes = new TextEncoder().encode(lines.map((parts) => parts.join("")).join(""));
      const whole = read([bytes]);
      expect(read(split(bytes, ...points.map((at) => at % (bytes.length + 1))))).toEqual(whole);
    }),
  );
});
