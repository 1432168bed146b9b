import { once } from "node:events";
import { connect } from "node:net";

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import {
  answerEvents,
  encodeEvent,
  failedEvent,
  keepaliveEvent,
  startSimulator,
  type Reply,
  type Simulator,
} from "./index.ts";
import { ask, refresh } from "./test-client.ts";

let sim: Simulator;
beforeAll(async () => {
  sim = await startSimulator();
});
afterEach(() => {
  expect(sim.unusedReplies()).toEqual([]);
  sim.reset();
});
afterAll(() => sim.close());

const EVENTS = answerEvents({ text: "Grüße, 世界 🙂", deltas: 3 });
const WHOLE = EVENTS.map((event) => encodeEvent(event)).join("");

function gate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

async function answerOf(reply: Reply): Promise<string> {
  sim.next("responses", reply);
  return (await ask(sim)).text();
}

test("replies come in the order of the script, then the default is back", async () => {
  sim.next("responses", { kind: "json", status: 500, body: {} }, { kind: "html" });
  const statuses = [];
  for (let turn = 0; turn < 3; turn += 1) statuses.push((await ask(sim)).status);
  expect(statuses).toEqual([500, 403, 200]);
});

test("a reply that nobody asked for is reported", () => {
  sim.next("usage", { kind: "json", status: 503, body: {} }, { kind: "reset" });
  expect(sim.unusedReplies()).toEqual(["usage: json 503", "usage: reset"]);
  sim.reset();
  expect(sim.unusedReplies()).toEqual([]);
});

test("a standing function sees the request and may leave it to the default", async () => {
  sim.always("responses", (request) =>
    request.body.includes("gpt-6-luna") ? { kind: "json", status: 503, body: {} } : undefined,
  );
  expect((await ask(sim, { body: { model: "gpt-6-luna" } })).status).toBe(503);
  expect((await ask(sim)).status).toBe(200);
});

test("a refresh takes the narrower script before the one of the token endpoint", async () => {
  const { refreshToken } = sim.issueTokens();
  sim.next("token", { kind: "json", status: 500, body: {} });
  sim.next("token:refresh", { kind: "json", status: 502, body: {} });
  expect((await refresh(sim, refreshToken)).status).toBe(502);
  expect((await refresh(sim, refreshToken)).status).toBe(500);
});

test("redirects, raw bytes and HTML come as scripted", async () => {
  sim.next(
    "responses",
    { kind: "redirect", status: 307, location: "http://127.0.0.1:9/evil" },
    { kind: "raw", status: 200, headers: { "content-type": "text/plain" }, body: "raw" },
    { kind: "html", status: 502, headers: { server: "nginx" }, body: "<h1>Bad gateway</h1>" },
  );
  await expect(ask(sim)).rejects.toThrow(); // fetch follows it, and there is nobody
  expect(await (await ask(sim)).text()).toBe("raw");
  const page = await ask(sim);
  expect([page.status, page.headers.get("server")]).toEqual([502, "nginx"]);
});

test("a raw body may be endless, and ends with the client", async () => {
  const stopped = gate();
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(new Uint8Array(1024 * 1024));
    } finally {
      stopped.open();
    }
  }
  sim.next("responses", { kind: "raw", body: endless() });
  const abort = new AbortController();
  const response = await ask(sim, { signal: abort.signal });
  await response.body?.getReader().read();
  abort.abort();
  const request = await sim.waitForRequest("responses");
  await request.done;
  expect(request.closedBy).toBe("client");
  await stopped.promise;
});

test("a false content-length breaks the body off", async () => {
  sim.next("responses", { kind: "raw", headers: { "content-length": "100" }, body: "short" });
  await expect((await ask(sim)).text()).rejects.toThrow();
});

test("the stream is the same however it is cut into pieces", async () => {
  expect(await answerOf({ kind: "stream", events: EVENTS })).toBe(WHOLE);
  for (const pieces of [1, 7, 4096, [1, 2, 3, 50], []]) {
    expect(await answerOf({ kind: "stream", events: EVENTS, pieces })).toBe(WHOLE);
  }
});

test("each piece is a write of its own", async () => {
  const { refreshToken } = sim.issueTokens();
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
  sim.next("token:refresh", { kind: "stream", events: ["data: abc\n\n"], pieces: [3, 8] });
  const socket = connect(Number(new URL(sim.issuer).port), "127.0.0.1");
  socket.write(
    "POST /oauth/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" +
      "content-type: application/x-www-form-urlencoded\r\n" +
      `content-length: ${String(body.toString().length)}\r\n\r\n${body.toString()}`,
  );
  const reads: string[] = [];
  for await (const bytes of socket as AsyncIterable<Buffer>) reads.push(bytes.toString());
  expect(reads.slice(1)).toEqual(["3\r\ndat\r\n", "5\r\na: ab\r\n", "3\r\nc\n\n\r\n", "0\r\n\r\n"]);
});

test("line endings, a byte order mark, comments and bytes are written as asked", async () => {
  const events = [": hi\n\n", keepaliveEvent(), new Uint8Array([0xc3, 0x28]), { no: "type" }];
  sim.next("responses", { kind: "stream", events, lineEnding: "\r\n", bom: true });
  const bytes = Buffer.from(await (await ask(sim)).arrayBuffer());
  const expected = Buffer.concat([
    Buffer.from('\uFEFF: hi\n\nevent: keepalive\r\ndata: {"type":"keepalive"}\r\n\r\n'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('data: {"no":"type"}\r\n\r\n'),
  ]);
  expect(bytes).toEqual(expected);
});

test("a cut stops after exactly so many bytes", async () => {
  const bytes = Buffer.from(WHOLE);
  for (const cutAtByte of [0, 1, 100, bytes.length - 1]) {
    sim.next("responses", { kind: "stream", events: EVENTS, cutAtByte });
    const got = Buffer.from(await (await ask(sim)).arrayBuffer());
    expect(got).toEqual(bytes.subarray(0, cutAtByte));
  }
});

test.each(["reset", "drop"] as const)("a %s breaks the body off after what was sent", async (cut) => {
  sim.next("responses", { kind: "stream", events: EVENTS, cutAtByte: 60, cut });
  const { body } = await ask(sim);
  const reader = body?.getReader();
  let text = "";
  const readAll = async (): Promise<void> => {
    for (;;) {
      const step = await reader?.read();
      if (step === undefined || step.done) return;
      text += Buffer.from(step.value).toString();
    }
  };
  await expect(readAll()).rejects.toThrow();
  expect(text).toBe(WHOLE.slice(0, 60));
  const request = await sim.waitForRequest("responses");
  await request.done;
  expect(request.closedBy).toBe("server");
});

test("a stalled stream stays open until the client leaves", async () => {
  sim.next("responses", { kind: "stream", events: [failedEvent("x", "y")], end: "stall" });
  const abort = new AbortController();
  const response = await ask(sim, { signal: abort.signal });
  await response.body?.getReader().read();
  expect(sim.stats).toMatchObject({ openResponses: 1, maxOpenResponses: 1 });
  abort.abort();
  const request = await sim.waitForRequest("responses");
  await request.done;
  expect(request.closedBy).toBe("client");
  expect(sim.stats.openResponses).toBe(0);
});

test("a promise in a stream holds it back and may become an event", async () => {
  const { promise, open } = gate();
  const last = promise.then(() => ({ type: "last" }));
  sim.next("responses", { kind: "stream", events: [{ type: "first" }, promise, last] });
  const reader = (await ask(sim)).body?.getReader();
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? []).toString()).toContain("event: first");
  open();
  const second = await reader?.read();
  expect(Buffer.from(second?.value ?? []).toString()).toContain("event: last");
  expect((await reader?.read())?.done).toBe(true);
});

test("hang never answers, reset and close end the connection without an answer", async () => {
  const abort = new AbortController();
  sim.next("responses", { kind: "hang" }, { kind: "reset" }, { kind: "close" });
  const hanging = ask(sim, { signal: abort.signal });
  const request = await sim.waitForRequest("responses");
  expect(request.closedAt).toBeUndefined();
  abort.abort();
  await expect(hanging).rejects.toThrow();
  await request.done;
  expect(request.closedBy).toBe("client");
  await expect(ask(sim)).rejects.toThrow();
  await expect(ask(sim)).rejects.toThrow();
});

test("a gate before the commit holds the refresh back", async () => {
  const { refreshToken } = sim.issueTokens();
  const { promise, open } = gate();
  sim.next("token:refresh", { kind: "default", beforeCommit: promise });
  const response = refresh(sim, refreshToken);
  await sim.waitForRequest("token:refresh");
  expect(sim.stats.refreshes).toBe(0);
  expect(sim.family(refreshToken)?.current).toBe(refreshToken);
  open();
  expect((await response).status).toBe(200);
  expect(sim.stats.refreshes).toBe(1);
});

test("a gate after the commit holds only the answer back", async () => {
  const { refreshToken } = sim.issueTokens();
  const { promise, open } = gate();
  sim.next("token:refresh", { kind: "default", afterCommit: promise });
  const response = refresh(sim, refreshToken);
  await sim.waitForRequest("token:refresh");
  expect(sim.stats.refreshes).toBe(1);
  expect(sim.family(refreshToken)?.current).not.toBe(refreshToken);
  open();
  expect((await response).status).toBe(200);
});

test.each([
  [false, 200],
  [true, 401],
])("a client that leaves before the commit: commitAnyway %s gives the next one %i", async (commitAnyway, status) => {
  const { refreshToken } = sim.issueTokens();
  const { promise, open } = gate();
  sim.next("token:refresh", { kind: "default", beforeCommit: promise, commitAnyway });
  const socket = connect(Number(new URL(sim.issuer).port), "127.0.0.1");
  const body = JSON.stringify({
    client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
    grant_type: "refresh_token",
    refresh_token: refreshToken,
  });
  socket.write(
    "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" +
      `content-length: ${String(body.length)}\r\n\r\n${body}`,
  );
  const request = await sim.waitForRequest("token:refresh");
  socket.destroy();
  await once(socket, "close");
  await request.done;
  open();
  expect((await refresh(sim, refreshToken)).status).toBe(status);
  expect(sim.stats.refreshes).toBe(1);
});

test.each(["reset", "close"] as const)("a refresh is committed and its answer lost by %s", async (then) => {
  const { refreshToken } = sim.issueTokens();
  sim.next("token:refresh", { kind: "default", then });
  await expect(refresh(sim, refreshToken)).rejects.toThrow();
  expect(sim.stats.refreshes).toBe(1);
  expect(await (await refresh(sim, refreshToken)).text()).toContain("refresh_token_reused");
});

test("a fault in a script shows in the answer", async () => {
  sim.always("responses", () => {
    throw new Error("my mistake");
  });
  const response = await ask(sim);
  expect(response.status).toBe(599);
  expect(await response.text()).toContain("my mistake");
});
