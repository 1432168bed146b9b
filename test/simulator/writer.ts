import { setImmediate as nextTurn } from "node:timers/promises";

import { CHALLENGE_HEADERS, CHALLENGE_PAGE } from "./challenge.ts";
import type { Exchange } from "./exchange.ts";
import type { PlainReply, RawReply, StreamEnd, StreamReply } from "./reply.ts";
import { cutPoints, encodeStream } from "./stream.ts";

type Headers = Record<string, string>;

/** Carries a reply out, up to its end or the client's. */
export async function deliver(exchange: Exchange, reply: PlainReply): Promise<void> {
  if (exchange.isOver) return;
  switch (reply.kind) {
    case "json": {
      const headers = { "content-type": "application/json", ...reply.headers };
      send(exchange, reply.status ?? 200, headers, JSON.stringify(reply.body));
      return;
    }
    case "html": {
      const headers = reply.headers ?? CHALLENGE_HEADERS;
      const type = { "content-type": "text/html; charset=UTF-8" };
      send(exchange, reply.status ?? 403, { ...type, ...headers }, reply.body ?? CHALLENGE_PAGE);
      return;
    }
    case "redirect":
      send(exchange, reply.status, { location: reply.location }, "");
      return;
    case "raw":
      return deliverRaw(exchange, reply);
    case "stream":
      return deliverStream(exchange, reply);
    case "hang":
      return;
    case "reset":
      exchange.reset();
      return;
    case "close":
      exchange.drop();
      return;
    default:
      reply satisfies never;
  }
}

function send(exchange: Exchange, status: number, headers: Headers, body: string | Uint8Array): void {
  const length = String(Buffer.byteLength(body));
  exchange.response.writeHead(status, { "content-length": length, ...headers });
  exchange.response.end(body);
}

async function deliverRaw(exchange: Exchange, reply: RawReply): Promise<void> {
  const { response } = exchange;
  const names = Object.keys(reply.headers ?? {}).map((name) => name.toLowerCase());
  // After a body of another length than announced the connection is of no use to anybody.
  const close = names.includes("content-length") ? { connection: "close" } : {};
  const headers = { ...close, ...reply.headers };
  if (typeof reply.body === "string" || reply.body instanceof Uint8Array) {
    send(exchange, reply.status ?? 200, headers, reply.body);
    return;
  }
  response.writeHead(reply.status ?? 200, headers);
  response.flushHeaders();
  const iterator = reply.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await exchange.unlessOver(iterator.next());
      if (step === undefined) return;
      if (step.done === true) break;
      await write(exchange, step.value);
    }
  } finally {
    void iterator.return?.();
  }
  response.end();
}

async function deliverStream(exchange: Exchange, reply: StreamReply): Promise<void> {
  const { response } = exchange;
  response.writeHead(reply.status ?? 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    ...reply.headers,
  });
  response.flushHeaders();
  if (reply.pieces !== undefined) await flush(exchange, Buffer.alloc(0));

  const limit = reply.cutAtByte ?? Number.POSITIVE_INFINITY;
  const chunks = encodeStream(reply);
  let sent = 0;
  while (sent < limit) {
    const step = await exchange.unlessOver(chunks.next());
    if (step === undefined) return;
    if (step.done === true) break;
    const chunk = step.value.subarray(0, limit - sent);
    await writePieces(exchange, chunk, sent, reply.pieces);
    sent += chunk.length;
  }
  await stop(exchange, (sent >= limit ? reply.cut : reply.end) ?? "close");
}

async function writePieces(
  exchange: Exchange,
  chunk: Buffer,
  offset: number,
  pieces: number | number[] | undefined,
): Promise<void> {
  if (pieces === undefined) return write(exchange, chunk);
  let from = 0;
  for (const point of cutPoints(pieces, offset, offset + chunk.length)) {
    if (exchange.isOver) return;
    await flush(exchange, chunk.subarray(from, point - offset));
    from = point - offset;
  }
}

/** Waits only when the client does not keep up. */
async function write(exchange: Exchange, bytes: Uint8Array): Promise<void> {
  const { response } = exchange;
  if (exchange.isOver || response.write(bytes)) return;
  await exchange.unlessOver(new Promise((resolve) => response.once("drain", resolve)));
}

/**
 * Waits until the bytes are with the kernel, and lets a reader in this process have its turn: two
 * immediates, because between them, and not before the first, the loop looks at the sockets.
 */
async function flush(exchange: Exchange, bytes: Uint8Array): Promise<void> {
  const { response } = exchange;
  if (exchange.isOver) return;
  await exchange.unlessOver(new Promise((resolve) => response.write(bytes, resolve)));
  await nextTurn();
  await nextTurn();
}

async function stop(exchange: Exchange, how: StreamEnd): Promise<void> {
  switch (how) {
    case "close":
      exchange.response.end();
      return;
    case "stall":
      return;
    case "drop":
      // What is still in our own buffers would be lost with the connection.
      await flush(exchange, Buffer.alloc(0));
      exchange.drop();
      return;
    case "reset":
      await flush(exchange, Buffer.alloc(0));
      exchange.reset();
      return;
    default:
      how satisfies never;
  }
}
