import { expect, test } from "vitest";
import { CodexError } from "../../src/core/errors.ts";
import { deferred } from "../../src/infra/promises.ts";
import {
  callbackCode,
  callbackIssuer,
  callbackState,
  goodCallback,
  listenForCallback,
} from "../support/callback.ts";
import { openConnection, parseAnswer, sendRaw, type RawRequest } from "../support/raw-http.ts";

const path = "/auth/callback";
const otherState = `${"s".repeat(42)}2`;
const code = `code=${callbackCode}`;
const state = `state=${callbackState}`;

test.each([
  ["a wrong state", `${code}&state=${otherState}`],
  ["no state", code],
  ["an empty state", `${code}&state=`],
  ["a state that is cut short", `${code}&state=${callbackState.slice(0, -1)}`],
  ["the right state twice", `${code}&${state}&${state}`],
  ["the right state and a wrong one", `${code}&${state}&state=${otherState}`],
  ["no code", state],
  ["an empty code", `code=&${state}`],
  ["two codes", `${code}&code=ac_other&${state}`],
  ["an error with a wrong state", `error=access_denied&state=${otherState}`],
  ["an error without a state", "error=access_denied"],
  ["two errors", `error=access_denied&error=server_error&${state}`],
  ["an empty error", `error=&${state}`],
  ["another issuer", `${code}&${state}&iss=https%3A%2F%2Fevil.test`],
  ["the right issuer twice", `${code}&${state}${`&iss=${callbackIssuer}`.repeat(2)}`],
  ["an empty issuer", `${code}&${state}&iss=`],
  ["no query", ""],
])("refuses %s with 400 and goes on waiting for the right answer", async (_, query) => {
  const { port, responses } = await listenForCallback();
  expect((await sendRaw(port, `${path}?${query}`)).status).toBe(400);
  expect(responses).toEqual([]);
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
  expect(responses).toEqual([{ kind: "code", code: callbackCode }]);
});

test("takes the issuer that it expects", async () => {
  const { port, responses } = await listenForCallback();
  const iss = encodeURIComponent(callbackIssuer);
  expect((await sendRaw(port, `${goodCallback}&iss=${iss}`)).status).toBe(200);
  expect(responses).toHaveLength(1);
});

test("passes an error with the right state on, and shows why the sign-in failed", async () => {
  const { port, responses } = await listenForCallback({
    decide: () => Promise.reject(new CodexError("AUTH_DENIED", "You said <no>.")),
  });
  const query = `error=access_denied&error_description=The+user+said+no&${state}`;
  const page = await sendRaw(port, `${path}?${query}`);
  expect(page.status).toBe(400);
  expect(page.body).toContain("You said &#60;no&#62;.");
  expect(responses).toEqual([
    { kind: "error", error: "access_denied", description: "The user said no" },
  ]);
});

const hosts: [string, (port: number) => string[], number][] = [
  ["localhost", (port) => [`Host: localhost:${port}`], 200],
  ["LOCALHOST", (port) => [`Host: LOCALHOST:${port}`], 200],
  ["127.0.0.1", (port) => [`Host: 127.0.0.1:${port}`], 200],
  ["[::1]", (port) => [`Host: [::1]:${port}`], 200],
  ["evil.test", () => ["Host: evil.test"], 403],
  ["evil.test with our port", (port) => [`Host: evil.test:${port}`], 403],
  ["127.0.0.1.evil.test", (port) => [`Host: 127.0.0.1.evil.test:${port}`], 403],
  ["localhost without the port", () => ["Host: localhost"], 403],
  ["localhost with another port", (port) => [`Host: localhost:${port + 1}`], 403],
  ["an empty host", () => ["Host:"], 403],
  ["no host", () => [], 403],
  ["two hosts", (port) => [`Host: localhost:${port}`, "Host: evil.test"], 403],
  ["our host twice", (port) => [`Host: localhost:${port}`, `Host: localhost:${port}`], 403],
];

test.each(hosts)("answers the right callback to %s", async (_, headers, status) => {
  const { port, responses } = await listenForCallback();
  expect((await sendRaw(port, goodCallback, { headers: headers(port) })).status).toBe(status);
  expect(responses).toHaveLength(status === 200 ? 1 : 0);
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
  expect(responses).toHaveLength(1);
});

const form = `${code}&${state}`;
const otherRequests: [string, RawRequest, number][] = [
  ["HEAD", { method: "HEAD" }, 405],
  ["OPTIONS", { method: "OPTIONS" }, 405],
  ["POST", { method: "POST" }, 405],
  ["PUT", { method: "PUT" }, 405],
  ["DELETE", { method: "DELETE" }, 405],
  ["a prefetch", { headers: ["Sec-Purpose: prefetch"] }, 204],
  ["a prerender", { headers: ["Sec-Purpose: prefetch;prerender"] }, 204],
  ["an older prefetch", { headers: ["Purpose: prefetch"] }, 204],
];

test.each(otherRequests)(
  "%s does not use the code up: the GET does",
  async (_, request, status) => {
    const { port, responses } = await listenForCallback();
    const headers = [`Host: localhost:${port}`, ...(request.headers ?? [])];
    const answer = await sendRaw(port, goodCallback, { ...request, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    expect(responses).toEqual([]);
    expect((await sendRaw(port, goodCallback)).status).toBe(200);
    expect(responses).toHaveLength(1);
  },
);

test("a form post with the right values is no callback", async () => {
  const { port, responses } = await listenForCallback();
  const headers = [
    `Host: localhost:${port}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${form.length}`,
  ];
  expect((await sendRaw(port, path, { method: "POST", headers, body: form })).status).toBe(405);
  expect(responses).toEqual([]);
});

test.each([
  "/favicon.ico",
  "/",
  "/cancel",
  "/success",
  "/auth/callback/",
  "/auth/callback/..",
  "/auth/./callback",
  "/auth/../auth/callback",
  "//auth/callback",
  "/AUTH/CALLBACK",
  "/auth%2Fcallback",
  "/auth/callback;x",
  "http://evil.test/auth/callback",
])("%s is not there and has no effect", async (target) => {
  const { port, responses } = await listenForCallback();
  expect((await sendRaw(port, `${target}?${form}`)).status).toBe(404);
  expect(responses).toEqual([]);
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
});

test("the same callback on both families at once is one answer with one page", async () => {
  const gate = deferred<undefined>();
  const { port, responses } = await listenForCallback({ decide: () => gate.promise });
  const hosts = ["127.0.0.1", "::1", "127.0.0.1", "::1"] as const;
  const connections = await Promise.all(hosts.map((host) => openConnection(port, host)));
  // "100 Continue" tells that a request has been read whole and is being handled.
  const head = [`GET ${goodCallback} HTTP/1.1`, `Host: localhost:${port}`, "Expect: 100-continue"];
  for (const connection of connections) {
    connection.write(`${head.join("\r\n")}\r\n\r\n`);
    await connection.until("100 Continue");
  }
  expect(responses).toHaveLength(1);
  gate.resolve(undefined);
  const interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const pages = await Promise.all(
    connections.map(async ({ ended }) => parseAnswer((await ended).slice(interim.length))),
  );
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(pages.map(({ body }) => body)).size).toBe(1);
  expect(responses).toHaveLength(1);
});

test("a tab that comes back with another code gets the page of the first one", async () => {
  const { port, responses } = await listenForCallback();
  const first = await sendRaw(port, goodCallback);
  const second = await sendRaw(port, goodCallback.replace(callbackCode, "ac_of_another_tab"));
  expect([second.status, second.body]).toEqual([first.status, first.body]);
  expect(responses).toHaveLength(1);
});

test("every answer forbids storing, sniffing, framing, referrers and foreign content", async () => {
  const { port } = await listenForCallback();
  const answers = await Promise.all([
    sendRaw(port, "/favicon.ico"),
    sendRaw(port, goodCallback, { headers: ["Host: evil.test"] }),
    sendRaw(port, `${path}?${code}&state=${otherState}`),
    sendRaw(port, goodCallback, { method: "POST" }),
    sendRaw(port, goodCallback),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 403, 400, 405, 200]);
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      connection: "close",
    });
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  }
});

test("no answer repeats code, state or anything else of its request, or sends elsewhere", async () => {
  const { port } = await listenForCallback({
    decide: () => Promise.reject(new CodexError("UPSTREAM", `Invalid code ${callbackCode}.`)),
    redact: (text) => text.replaceAll(callbackCode, "[redacted]"),
  });
  const echo = "&echo=%3Cscript%3Ealert(1)%3C/script%3E";
  const answers = await Promise.all([
    sendRaw(port, `/nowhere?${form}${echo}`),
    sendRaw(port, `${goodCallback}${echo}`, { headers: ["Host: evil.test"] }),
    sendRaw(port, `${path}?${code}&state=${otherState}${echo}`),
    sendRaw(port, `${goodCallback}${echo}`, { method: "POST" }),
    sendRaw(port, `${goodCallback}&iss=https://evil.test${echo}`),
    sendRaw(port, `${goodCallback}${echo}`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 403, 400, 405, 400, 400]);
  for (const { text, headers } of answers) {
    expect(headers["location"]).toBeUndefined();
    for (const word of [callbackCode, callbackState, otherState, "script", "evil", "nowhere"]) {
      expect(text).not.toContain(word);
    }
  }
});
