import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { silentLog } from "../../src/platform/log.ts";
import { Http } from "../../src/http/http.ts";
import { listenOnly } from "../support/evil.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/replies.ts";
import { renderNext } from "../../src/render/next-step.ts";

const bounds = { maxBytes: 1000, timeoutMs: 5_000 };
const request = { method: "GET" as const, url: "https://api.test/x" };
const never = new AbortController().signal;

/** A client whose proxy takes every connection and then says nothing. */
async function throughSilence() {
  const proxy = await listenOnly();
  const clock = fakeClock();
  const httpsProxy = `http://user:hunter22@127.0.0.1:${proxy.port}`;
  const settings = { httpsProxy, httpProxy: undefined, noProxy: undefined };
  const client = new Http({ clock, log: silentLog, proxy: settings });
  onTestFinished(() => client.close());
  return { proxy, clock, client };
}

test("a proxy that does not answer CONNECT is given up, named, and nothing was sent", async () => {
  const { proxy, clock, client } = await throughSilence();
  const outcome = failure(client.send(request, never));
  await proxy.heard;
  await clock.advance(15_000);
  const error = await outcome;
  expect(error).toMatchObject({
    code: "NETWORK",
    message: "The proxy of HTTPS_PROXY gave no way to https://api.test within 15 s.",
    details: { unsent: true },
  });
  expect(renderNext(error, "mcp")).toContain("HTTPS_PROXY");
  expect(JSON.stringify([error.message, error.details])).not.toContain("hunter22");
  expect(clock.pending).toBe(0);
});

test("a small request's own limit counts while the proxy says nothing", async () => {
  const { proxy, clock, client } = await throughSilence();
  const outcome = failure(client.fetchText(request, bounds));
  await proxy.heard;
  await clock.advance(5_000);
  expect(await outcome).toMatchObject({
    code: "NETWORK",
    message: "The proxy of HTTPS_PROXY gave no way to https://api.test within 5 s.",
    details: { unsent: true },
  });
  expect(clock.pending).toBe(0);
});

test("the caller's reason passes while the proxy says nothing", async () => {
  const { proxy, client } = await throughSilence();
  const cancel = new AbortController();
  const sent = client.send(request, cancel.signal);
  const fetched = client.fetchText(request, { ...bounds, signal: cancel.signal });
  const reason = new Error("changed my mind");
  await proxy.heard;
  cancel.abort(reason);
  await expect(sent).rejects.toBe(reason);
  await expect(fetched).rejects.toBe(reason);
});

test("closing does not wait for a connection that hangs, and ends what waits for it", async () => {
  const { proxy, clock, client } = await throughSilence();
  const outcome = failure(client.send(request, never));
  await proxy.heard;
  const closed = client.close();
  await clock.advance(500);
  await closed;
  expect(await outcome).toMatchObject({ code: "NETWORK", details: { unsent: true } });
});

test("a host that takes the connection and never speaks TLS is given up in time", async () => {
  const server = await listenOnly();
  const clock = fakeClock();
  const proxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const client = new Http({ clock, log: silentLog, proxy });
  onTestFinished(() => client.close());
  const origin = `https://127.0.0.1:${server.port}`;
  const outcome = failure(client.fetchText({ method: "GET", url: origin }, bounds));
  await server.heard; // the greeting of TLS
  await clock.advance(5_000);
  expect(await outcome).toMatchObject({
    code: "NETWORK",
    message: `No connection to ${origin} came about within 5 s.`,
    details: { unsent: true },
  });
});

test("a connection that breaks before the request was given to it has not sent it", async () => {
  const server = createServer((socket) => socket.on("data", () => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const settings = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const client = new Http({ clock: fakeClock(), log: silentLog, proxy: settings });
  onTestFinished(() => client.close());
  const secure = failure(client.send({ ...request, url: `https://127.0.0.1:${port}` }, never));
  expect(await secure).toMatchObject({ code: "NETWORK", details: { unsent: true } });
  const plain = failure(client.send({ ...request, url: `http://127.0.0.1:${port}` }, never));
  expect(await plain).toMatchObject({ code: "NETWORK", details: { unsent: false } });
});
