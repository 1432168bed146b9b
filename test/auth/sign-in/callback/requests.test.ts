import { expect, test } from "vitest";
import { callbackCode, callbackState, goodCallback, listenForCallback } from "../../../support/callback.ts";
import { sendRaw, type RawRequest } from "../../../support/raw-http.ts";

const form = `code=${callbackCode}&state=${callbackState}`;

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

const otherRequests: [string, RawRequest, number][] = [
  ["HEAD", { method: "HEAD" }, 405],
  ["OPTIONS", { method: "OPTIONS" }, 405],
  ["POST", { method: "POST" }, 405],
  ["PUT", { method: "PUT" }, 405],
  ["DELETE", { method: "DELETE" }, 405],
  ["a prefetch", { headers: ["Sec-Purpose: prefetch"] }, 204],
  ["a prerender", { headers: ["Sec-Purpose: prefetch;prerender"] }, 204],
  ["an older prefetch", { headers: ["Purpose: prefetch"] }, 204],
  ["an older prefetch of Firefox", { headers: ["X-Moz: prefetch"] }, 204],
];

test.each(otherRequests)("%s does not use the code up: the GET does", async (_, request, status) => {
  const { port, responses } = await listenForCallback();
  const headers = [`Host: localhost:${port}`, ...(request.headers ?? [])];
  const answer = await sendRaw(port, goodCallback, { ...request, headers });
  expect(answer.status).toBe(status);
  expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  expect(responses).toEqual([]);
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
  expect(responses).toHaveLength(1);
});

test("a form post with the right values is no callback", async () => {
  const { port, responses } = await listenForCallback();
  const headers = [
    `Host: localhost:${port}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${form.length}`,
  ];
  expect((await sendRaw(port, "/auth/callback", { method: "POST", headers, body: form })).status).toBe(405);
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
