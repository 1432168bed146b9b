import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import type { CodexError } from "../../src/shared/errors.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { silentLog } from "../../src/platform/log.ts";
import { Http } from "../../src/http/http.ts";
import { networkError } from "../../src/http/network-error.ts";
import { isLoopback } from "../../src/shared/loopback.ts";
import type { ProxySettings } from "../../src/http/proxy.ts";
import { listenOnly } from "../support/evil.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/replies.ts";

const never = new AbortController().signal;
const noProxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };

function http(proxy: Partial<ProxySettings> = {}, clock: Clock = fakeClock()): Http {
  const made = new Http({ clock, log: silentLog, proxy: { ...noProxy, ...proxy } });
  onTestFinished(() => made.close());
  return made;
}

function response(head: string[], body: string | Buffer): string {
  return `HTTP/1.1 ${head.join("\r\n")}\r\nconnection: close\r\n\r\n${body.toString("latin1")}`;
}

const bounds = { maxBytes: 1000, timeoutMs: 15_000 };

test("asks for no compression and sends what it is given", async () => {
  const server = await listenOnly(response(["200 OK", "content-length: 2"], "ok"));
  const request = { method: "POST" as const, url: `${server.origin}/x`, body: "{}" };
  const { status, text } = await http().fetchText(
    { ...request, headers: { authorization: "Bearer t", "user-agent": "codex-oauth/1" } },
    bounds,
  );
  expect([status, text]).toEqual([200, "ok"]);
  expect(server.bytes).toMatch(/^POST \/x HTTP\/1\.1\r\n/);
  expect(server.bytes).not.toMatch(/accept-encoding|cookie/i);
});

test.each([301, 302, 303, 307, 308])("a redirect with %i is an answer, not a way", async (status) => {
  const evil = await listenOnly();
  const server = await listenOnly(
    response([`${status} Elsewhere`, `location: ${evil.origin}/`, "content-length: 0"], ""),
  );
  const request = { method: "POST" as const, url: `${server.origin}/`, body: "secret" };
  expect((await http().fetchText(request, bounds)).status).toBe(status);
  expect([evil.connections, server.connections]).toEqual([0, 1]);
});

test("a body above its bound is dropped", async () => {
  const server = await listenOnly(response(["200 OK"], "x".repeat(1001)));
  const error = await failure(http().fetchText({ method: "GET", url: server.origin }, bounds));
  expect(error).toMatchObject({
    code: "PROTOCOL",
    message: expect.stringMatching(/too large/) as unknown,
  });
});

test.each(["gzip", "br", "gzip, br"])("a body encoded as %s is not unpacked", async (encoding) => {
  const bomb = gzipSync(Buffer.alloc(100_000));
  const server = await listenOnly(response(["200 OK", `content-encoding: ${encoding}`], bomb));
  const error = await failure(http().fetchText({ method: "GET", url: server.origin }, bounds));
  expect(error).toMatchObject({
    code: "PROTOCOL",
    message: expect.stringMatching(/compressed/) as unknown,
  });
});

test("a body that is shorter than announced is a broken connection", async () => {
  const server = await listenOnly(response(["200 OK", "content-length: 100"], "short"));
  const error = await failure(http().fetchText({ method: "GET", url: server.origin }, bounds));
  expect(error).toMatchObject({ code: "NETWORK", details: { retryable: true } });
});

test("a server that takes the request and says nothing is given up after the time", async () => {
  const server = await listenOnly();
  const clock = fakeClock();
  const asked = http({}, clock).fetchText({ method: "GET", url: server.origin }, bounds);
  const outcome = failure(asked);
  await server.heard;
  await clock.advance(14_999);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  expect(await outcome).toMatchObject({
    code: "TIMEOUT",
    message: `${server.origin} did not answer within 15 s.`,
  });
});

test("the caller's reason passes through, before and during the request", async () => {
  const server = await listenOnly();
  const reason = new Error("changed my mind");
  const client = http();
  await expect(client.send({ method: "GET", url: server.origin }, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(server.connections).toBe(0);
  const cancel = new AbortController();
  const asked = client.send({ method: "GET", url: server.origin }, cancel.signal);
  await server.heard;
  cancel.abort(reason);
  await expect(asked).rejects.toBe(reason);
});

test("a cancellation between head and body disturbs nobody", async () => {
  const server = await listenOnly(response(["200 OK", "content-length: 100"], "the beginning"));
  const cancel = new AbortController();
  const { body } = await http().send({ method: "GET", url: server.origin }, cancel.signal);
  cancel.abort(new Error("changed my mind"));
  await new Promise((resolve) => body.once("close", resolve)); // an uncaught error would fail the run
  expect(body.destroyed).toBe(true);
});

test("nobody listening is NETWORK, names the origin only, and was never sent", async () => {
  const url = "http://127.0.0.1:9/secret-path?token=1";
  const error = await failure(http().send({ method: "GET", url }, never));
  expect(error.message).toBe("The connection to http://127.0.0.1:9 failed (ECONNREFUSED).");
  expect(error.details).toMatchObject({ retryable: true, unsent: true });
});

test("a foreign message never becomes part of ours: it may hold a header", () => {
  const foreign = new TypeError('invalid authorization header "Bearer eyJsecret"');
  const error = networkError(foreign, "https://api.test", never) as CodexError;
  expect(error.message).toBe("The connection to https://api.test failed (unknown cause).");
  expect(error.details.why).toBeUndefined();
});

test.each([
  ["ECONNRESET", true, false],
  ["UND_ERR_SOCKET", true, false],
  ["EMFILE", true, true],
  ["ENOTFOUND", true, true],
  ["UND_ERR_CONNECT_TIMEOUT", true, true],
  ["CERT_HAS_EXPIRED", false, true],
  ["ERR_TLS_CERT_ALTNAME_INVALID", false, true],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", false, true],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", false, true],
  ["UND_ERR_INVALID_ARG", false, false],
])("%s: worth another attempt %s, certainly unsent %s", (code, retryable, unsent) => {
  const cause = new Error("failed", { cause: Object.assign(new Error("inner"), { code }) });
  const error = networkError(cause, "https://api.test", never) as CodexError;
  expect(error).toMatchObject({ code: "NETWORK", details: { retryable, unsent } });
});

test("the first of several failed addresses is the cause", () => {
  const refused = Object.assign(new Error("v6"), { code: "EHOSTUNREACH" });
  const error = networkError(new AggregateError([refused]), "https://api.test", never);
  expect((error as CodexError).message).toContain("EHOSTUNREACH");
});

test("a proxy is used for other hosts, and its password stays out of errors", async () => {
  const proxy = await listenOnly("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
  const url = `http://user:hunter22@127.0.0.1:${proxy.port}`;
  const client = http({ httpProxy: url, httpsProxy: url });
  const outcome = client.fetchText({ method: "GET", url: "https://api.example.test/x" }, bounds);
  const error = await failure(outcome);
  expect(await proxy.heard).toMatch(/^CONNECT api\.example\.test:443 HTTP\/1\.1/);
  expect(error.code).toBe("NETWORK");
  expect(JSON.stringify([error.message, error.details])).not.toContain("hunter22");
});

test("this machine is never reached through a proxy, nor what NO_PROXY names", async () => {
  const proxy = await listenOnly();
  const server = await listenOnly(response(["200 OK", "content-length: 2"], "ok"));
  const settings = { httpProxy: proxy.origin, httpsProxy: proxy.origin };
  expect((await http(settings).fetchText({ method: "GET", url: server.origin }, bounds)).text).toBe("ok");
  const excepted = http({ ...settings, noProxy: "127.0.0.2" });
  await failure(excepted.fetchText({ method: "GET", url: "http://127.0.0.2:9" }, bounds));
  expect(proxy.connections).toBe(0);
});

test("only the literal names of this machine are loopback", () => {
  for (const name of ["localhost", "127.0.0.1", "[::1]"]) expect(isLoopback(name)).toBe(true);
  for (const name of ["127.0.0.1.evil.test", "localhost.evil.test", "127.0.0.2", "0.0.0.0"]) {
    expect(isLoopback(name)).toBe(false);
  }
});

test("nothing is sent once it is closed, by a request that was on its way neither", async () => {
  const server = await listenOnly(response(["200 OK"], ""));
  const closing = http();
  const request = { method: "GET" as const, url: `${server.origin}/` };
  const under = closing.send(request, never);
  const outcomes = [failure(under)];
  await closing.close();
  outcomes.push(failure(closing.send(request, never)));
  for (const outcome of await Promise.all(outcomes)) expect(outcome.code).toBe("CANCELLED");
  expect(server.bytes).toBe("");
});
