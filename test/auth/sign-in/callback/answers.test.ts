import { expect, test } from "vitest";
import { CodexError } from "../../../../src/shared/errors.ts";
import { deferred } from "../../../../src/platform/promises.ts";
import { callbackCode, callbackState, goodCallback, listenForCallback } from "../../../support/callback.ts";
import { openConnection, parseAnswer, sendRaw } from "../../../support/raw-http.ts";

const path = "/auth/callback";
const otherState = `${"s".repeat(42)}2`;
const code = `code=${callbackCode}`;
const form = `${code}&state=${callbackState}`;

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
    expect(headers["content-security-policy"]?.split("; ").sort()).toEqual([
      "base-uri 'none'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "style-src 'unsafe-inline'",
    ]);
  }
});

test("the length counts bytes, not characters", async () => {
  const { port } = await listenForCallback();
  const head = [`Host: localhost:${port}`, "Accept-Language: zh"];
  const { headers, body } = await sendRaw(port, goodCallback, { headers: head });
  const bytes = Buffer.from(body, "latin1"); // each byte is a character
  expect(bytes.toString()).toMatch(/\p{Script=Han}/u);
  expect(headers["content-length"]).toBe(String(bytes.length));
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

test("each request is answered in the language that it asks for, from one outcome", async () => {
  const { port, responses } = await listenForCallback();
  const ask = (target: string, ...headers: string[]) =>
    sendRaw(port, target, { headers: [`Host: localhost:${port}`, ...headers] });
  const chinese = "Accept-Language: zh-CN,zh;q=0.9,en;q=0.8";
  expect((await ask(goodCallback, chinese)).body).toContain('lang="zh-Hans"');
  expect((await ask(goodCallback, "Accept-Language: zh;q=0.2, en")).body).toContain('lang="en"');
  expect((await ask(goodCallback)).body).toContain('lang="en"');
  expect((await ask(`${path}?${code}&state=${otherState}`, chinese)).body).toContain("zh-Hans");
  expect((await ask("/favicon.ico", chinese)).headers["vary"]).toBe("Accept-Language");
  expect(responses).toHaveLength(1);
});

test("every refusal is a page that says why and what to do next", async () => {
  const { port } = await listenForCallback();
  const answers = await Promise.all([
    sendRaw(port, `${path}?${code}&state=${otherState}`),
    sendRaw(port, `${goodCallback}&iss=https://evil.test`),
    sendRaw(port, `${path}?state=${callbackState}`),
    sendRaw(port, "/"),
    sendRaw(port, goodCallback, { headers: ["Host: evil.test"] }),
    sendRaw(port, goodCallback, { method: "POST" }),
  ]);
  expect(answers.map(({ body }) => /<h1>(.*)<\/h1>/.exec(body)?.[1])).toEqual([
    "This link belongs to another sign-in",
    "This answer comes from elsewhere",
    "This address is not complete",
    "There is nothing here",
    "Not for this address",
    "Not in this way",
  ]);
  for (const { headers, body } of answers) {
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(body).toContain("What to do next");
  }
});
