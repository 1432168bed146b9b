import { PassThrough, Writable } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { expect, test } from "vitest";
import { StdioTransport } from "../../src/mcp/stdio-transport.ts";

const limit = 1024 * 1024;

interface Wired {
  input: PassThrough;
  transport: StdioTransport;
  received: JSONRPCMessage[];
  /** The lines written, parsed. */
  sent: () => Sent[];
  disconnects: () => number;
}

interface Sent {
  jsonrpc: string;
  id?: unknown;
  error?: { code: number; message: string };
}

async function wire(output: Writable = new PassThrough()): Promise<Wired> {
  const input = new PassThrough();
  let disconnects = 0;
  const transport = new StdioTransport({
    input,
    output,
    maxMessageBytes: limit,
    paramsFault: ({ params }) => (params?.["wrong"] === true ? "wrong params" : undefined),
    onDisconnect: () => disconnects++,
  });
  const received: JSONRPCMessage[] = [];
  transport.onmessage = (message) => received.push(message);
  await transport.start();
  const sent = (): Sent[] =>
    String(output instanceof PassThrough ? (output.read() ?? "") : "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Sent);
  return { input, transport, received, sent, disconnects: () => disconnects };
}

const ping = (id: number | string): object => ({ jsonrpc: "2.0", id, method: "ping" });
const line = (message: object): string => `${JSON.stringify(message)}\n`;
/** Lets the stream deliver what was written. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("gives each line as a message, wherever the bytes are cut", async () => {
  const bytes = Buffer.from(line({ ...ping("ä€😀"), params: { x: "\u2028" } }) + line(ping(2)));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { input, received } = await wire();
    input.write(bytes.subarray(0, cut));
    input.write(bytes.subarray(cut));
    await turn();
    expect(received, `cut at ${cut}`).toMatchObject([{ id: "ä€😀" }, { id: 2 }]);
  }
});

test("takes single bytes, CRLF, empty lines and a byte order mark", async () => {
  const { input, received, sent } = await wire();
  const bytes = Buffer.from(`\uFEFF${JSON.stringify(ping(1))}\r\n\r\n \n\n${line(ping(2))}`);
  for (const byte of bytes) input.write(Buffer.of(byte));
  await turn();
  expect(received).toMatchObject([{ id: 1 }, { id: 2 }]);
  expect(sent()).toEqual([]);
});

test.each<[string, string, number, unknown]>([
  ["garbage", "garbage", -32700, null],
  ["half a message", '{"jsonrpc":"2.0","id":1', -32700, null],
  ["a number", "42", -32600, null],
  ["null", "null", -32600, null],
  ["an object that is no message", '{"foo":1}', -32600, null],
  ["a message without jsonrpc", '{"id":7,"method":"ping"}', -32600, 7],
  ["a message of another jsonrpc", '{"jsonrpc":"1.0","id":"a","method":"ping"}', -32600, "a"],
  ["a method that is no string", '{"jsonrpc":"2.0","id":8,"method":{}}', -32600, 8],
  ["parameters that are a list", '{"jsonrpc":"2.0","id":8,"method":"ping","params":[]}', -32602, 8],
  ["parameters that are null", '{"jsonrpc":"2.0","id":"b","method":"ping","params":null}', -32602, "b"],
  [
    "parameters that the method does not take",
    '{"jsonrpc":"2.0","id":9,"method":"ping","params":{"wrong":true}}',
    -32602,
    9,
  ],
  ["an id of null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, null],
  ["an id that is an object", '{"jsonrpc":"2.0","id":{"x":1},"method":"ping"}', -32600, null],
  ["an id beyond safe integers", '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', -32600, null],
  ["an id that is a fraction", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, 1.5],
])("answers %s with an error and goes on", async (_, text, code, id) => {
  const { input, received, sent } = await wire();
  input.write(`${text}\n${line(ping(1))}`);
  await turn();
  expect(sent()).toMatchObject([{ jsonrpc: "2.0", id, error: { code } }]);
  expect(received).toMatchObject([{ id: 1 }]);
});

test("says of an id what it must be, and answers by the one that was given", async () => {
  const { input, sent } = await wire();
  input.write(line({ jsonrpc: "2.0", id: 1.5, method: "ping" }));
  await turn();
  expect(sent()).toEqual([
    { jsonrpc: "2.0", id: 1.5, error: { code: -32600, message: "The id must be a string or an integer" } },
  ]);
});

test("a notification with wrong parameters has no answer", async () => {
  const { input, received, sent } = await wire();
  input.write(line({ jsonrpc: "2.0", method: "m", params: { wrong: true } }));
  await turn();
  expect([sent(), received]).toMatchObject([[], [{ method: "m" }]]);
});

test("refuses a batch once for each request in it, and an empty one as a whole", async () => {
  const { input, received, sent } = await wire();
  input.write(`${JSON.stringify([ping(1), ping("b"), { jsonrpc: "2.0", method: "x" }, 3])}\n[]\n`);
  await turn();
  expect(sent().map(({ id, error }) => [id, error?.code])).toEqual([
    [1, -32600],
    ["b", -32600],
    [null, -32600],
  ]);
  expect(received).toEqual([]);
});

test("does not answer a batch of any size with as many errors", async () => {
  const { input, sent } = await wire();
  input.write(`${JSON.stringify(Array.from({ length: 10_000 }, (_, id) => ping(id)))}\n`);
  await turn();
  expect(sent()).toHaveLength(100);
});

test("refuses a message beyond the limit without keeping it, and takes one of exactly the limit", async () => {
  const { input, received, sent } = await wire();
  const empty = JSON.stringify({ ...ping(1), params: { x: "" } }).length;
  const fitting = JSON.stringify({ ...ping(1), params: { x: "x".repeat(limit - empty) } });
  input.write(`${fitting}\n`);
  input.write(`${fitting} \n`); // one byte more
  for (let n = 0; n < 40; n++) input.write("y".repeat(limit / 4));
  input.write(`\n${line(ping(2))}`);
  await turn();
  expect(received).toMatchObject([{ id: 1 }, { id: 2 }]);
  const error = { code: -32600, message: "The message is longer than 1 MiB" };
  expect(sent()).toMatchObject([
    { id: 1, error },
    { id: null, error },
  ]);
});

test.each<[string, string, string, unknown]>([
  ["behind all, as the official client does", '{"method":"m","params":{"x":"', '"},"jsonrpc":"2.0","id":1}', 1],
  ["behind all but the version", '{"params":{"x":"', '"}, "id" : "b", "jsonrpc":"2.0"} ', "b"],
  ["behind the version", '{"jsonrpc":"2.0","id":12,"method":"m","params":{"x":"', '"}}', 12],
  ["behind the method", '{"method":"m","jsonrpc":"2.0","id":"a-1","params":["', '"]}', "a-1"],
  ["first, with blanks", ' { "id" : 0 , "jsonrpc" : "2.0", "params":["', '"]}', 0],
  ["not at all: it is another thing's", '{"jsonrpc":"2.0","params":{"id":5,"x":"', '","id":6}}', null],
  ["not at all: it is text", '{"jsonrpc":"2.0","params":{"x":"', ',\\"id\\":6}"}}', null],
])("refuses a message that is too long by its id, which stands %s", async (_, head, tail, id) => {
  for (const size of [1, 7, 100_000]) {
    const { input, sent } = await wire();
    const whole = Buffer.from(`${head}${"x".repeat(limit)}${tail}\n`);
    const middle = whole.subarray(200, -200);
    for (const part of [whole.subarray(0, 200), middle, whole.subarray(-200)]) {
      const step = part === middle ? 100_000 : size;
      for (let at = 0; at < part.length; at += step) input.write(part.subarray(at, at + step));
    }
    await turn();
    expect(sent()).toMatchObject([{ id, error: { code: -32600 } }]);
  }
});

test("takes broken UTF-8 for text with replacement characters", async () => {
  const { input, received } = await wire();
  const [head, tail] = line({ ...ping(1), params: { x: "?" } }).split("?") as [string, string];
  input.write(Buffer.concat([Buffer.from(head), Buffer.of(0xff, 0xc3), Buffer.from(tail)]));
  await turn();
  expect(received).toMatchObject([{ params: { x: "\uFFFD\uFFFD" } }]);
});

test("writes one line for each message, also for text with line separators", async () => {
  const { transport, sent } = await wire();
  await transport.send({ jsonrpc: "2.0", id: 1, result: { text: "a\nb\r\u2028c" } });
  await transport.send({ jsonrpc: "2.0", id: 2, result: {} });
  expect(sent()).toMatchObject([{ result: { text: "a\nb\r\u2028c" } }, { id: 2 }]);
});

test.each([
  ["the input ends", (input: PassThrough) => input.end()],
  ["the input breaks", (input: PassThrough) => input.destroy(new Error("EIO"))],
  ["the output breaks", (_: PassThrough, output: PassThrough) => output.destroy(new Error("EPIPE"))],
])("tells once that the other side is gone when %s", async (_, leave) => {
  const output = new PassThrough();
  const { input, transport, disconnects } = await wire(output);
  input.resume();
  leave(input, output);
  await turn();
  expect(disconnects()).toBe(1);
  // Answers of calls still under way are dropped.
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
});

test("a write that fails ends in a disconnect, not in a rejection", async () => {
  const broken = new Writable({
    write: (_chunk, _encoding, done) => {
      done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    },
  });
  const { transport, disconnects } = await wire(broken);
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  await turn();
  expect(disconnects()).toBe(1);
});

test("resolves a send only when the reader has taken it", async () => {
  let release = (): void => undefined;
  const slow = new Writable({
    write: (_chunk, _encoding, done) => {
      release = done;
    },
  });
  const { transport } = await wire(slow);
  let taken = false;
  const sending = transport.send({ jsonrpc: "2.0", id: 1, result: {} }).then(() => (taken = true));
  await turn();
  expect(taken).toBe(false);
  release();
  await sending;
  expect(taken).toBe(true);
});

test("closing is told to the protocol and is no disconnect", async () => {
  const { input, transport, disconnects } = await wire();
  let closed = 0;
  transport.onclose = () => closed++;
  await transport.close();
  input.end();
  await turn();
  expect([closed, disconnects()]).toEqual([1, 0]);
});
