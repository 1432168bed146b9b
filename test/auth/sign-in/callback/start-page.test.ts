import { expect, test } from "vitest";
import { callbackCode, callbackIssuer, goodCallback, listenForCallback } from "../../../support/callback.ts";
import { sendRaw, type RawAnswer } from "../../../support/raw-http.ts";

/** What a browser sends back of the cookies that it was given, as a header's line. */
function cookieOf({ text }: RawAnswer): string {
  const lines = [...text.matchAll(/^set-cookie: ([^;\r]+)/gim)].map(([, pair = ""]) => pair);
  return `Cookie: theme=dark; ${lines[0] ?? ""}; other=1`;
}

async function opened() {
  const listening = await listenForCallback();
  const { port, start } = listening;
  const host = `Host: localhost:${port}`;
  const page = await sendRaw(port, start.path);
  const callback = `/auth/callback?code=${callbackCode}&state=${start.state}`;
  return { ...listening, host, page, cookie: cookieOf(page), callback };
}

test("the first opening leads to the authorization server, with a cookie for the callback and for a reload", async () => {
  const { port, start, page, secondOpenings } = await opened();
  expect(page.status).toBe(302);
  expect(page.headers["location"]).toBe(`${callbackIssuer}/authorize?state=${start.state}`);
  const cookies = [...page.text.matchAll(/^set-cookie: (.*)\r$/gim)].map(([, line = ""]) => line);
  const form = (path: string) =>
    new RegExp(`^codex-oauth-${port}=[\\w-]{43}; Path=${path}; Max-Age=600; HttpOnly; SameSite=Lax$`);
  expect(cookies).toEqual(["/auth/callback", start.path].map((path) => expect.stringMatching(form(path)) as string));
  expect(page.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
  expect(page.body).toBe("");
  expect(secondOpenings()).toBe(0);
});

test("the callback counts for the browser that opened the page", async () => {
  const { port, host, cookie, callback, responses } = await opened();
  expect((await sendRaw(port, callback, { headers: [host, cookie] })).status).toBe(200);
  expect(responses).toEqual([{ kind: "code", code: callbackCode }]);
});

test.each([
  ["a code and no cookie", "", "code"],
  ["a code and a guessed cookie", "x".repeat(43), "code"],
  ["an error and no cookie", "", "error"],
  ["an error and a guessed cookie", "x".repeat(43), "error"],
])("%s, with the page's state, is 400 and changes nothing", async (_, guess, brought) => {
  const { port, start, host, cookie, callback, responses } = await opened();
  const cookies = guess === "" ? [] : [`Cookie: codex-oauth-${port}=${guess}`];
  const target = brought === "code" ? callback : `/auth/callback?error=access_denied&state=${start.state}`;
  const refused = await sendRaw(port, target, { headers: [host, ...cookies] });
  expect(refused.status).toBe(400);
  expect(refused.body).toContain("This sign-in began in another browser");
  expect(responses).toEqual([]);
  expect((await sendRaw(port, callback, { headers: [host, cookie] })).status).toBe(200);
});

test("the shown URL's state needs no cookie", async () => {
  const { port, responses } = await opened();
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
  expect(responses).toHaveLength(1);
});

test("a reload brings the cookie, is led to the same place, and is no second browser", async () => {
  const { port, start, host, page, cookie, secondOpenings } = await opened();
  const again = await sendRaw(port, start.path, { headers: [host, cookie] });
  expect([again.status, again.headers["location"]]).toEqual([302, page.headers["location"]]);
  expect(cookieOf(again)).toBe(cookie);
  expect(secondOpenings()).toBe(0);
});

test("a second browser gets no redirect and no cookie, only a page that says what happened", async () => {
  const { port, start, host, cookie, secondOpenings } = await opened();
  const second = await sendRaw(port, start.path);
  expect([second.status, second.headers["location"], second.headers["set-cookie"]]).toEqual([
    409,
    undefined,
    undefined,
  ]);
  expect(second.body).toContain("Another program opened this sign-in");
  expect(secondOpenings()).toBe(1);
  // Nobody can tell which of the two is the person's.
  expect((await sendRaw(port, start.path, { headers: [host, cookie] })).status).toBe(409);
});

test.each([
  ["HEAD", "HEAD", [], 405],
  ["POST", "POST", [], 405],
  ["OPTIONS", "OPTIONS", [], 405],
  ["a prefetch", "GET", ["Sec-Purpose: prefetch"], 204],
  ["a prerender", "GET", ["Sec-Purpose: prefetch;prerender"], 204],
  ["an older prefetch", "GET", ["Purpose: prefetch"], 204],
] as const)("%s of the page is no opening and gives nothing away", async (_, method, lines, status) => {
  const { port, start, secondOpenings } = await listenForCallback();
  const headers = [`Host: localhost:${port}`, ...lines];
  const answer = await sendRaw(port, start.path, { method, headers });
  expect([answer.status, answer.headers["location"]]).toEqual([status, undefined]);
  expect(answer.headers["set-cookie"]).toBeUndefined();
  expect((await sendRaw(port, start.path)).status).toBe(302);
  expect(secondOpenings()).toBe(0);
});

test.each([
  ["another host", (port: number) => `evil.test:${port}`, 403],
  ["127.0.0.1, whose cookies the callback's host does not get", (port: number) => `127.0.0.1:${port}`, 404],
  ["[::1]", (port: number) => `[::1]:${port}`, 404],
])("at %s the page is not there", async (_, host, status) => {
  const { port, start } = await listenForCallback();
  expect((await sendRaw(port, start.path, { headers: [`Host: ${host(port)}`] })).status).toBe(status);
  expect((await sendRaw(port, start.path)).status).toBe(302);
});

test.each(["/start", "/start/", `/start/${"x".repeat(43)}`])("%s is not there", async (path) => {
  const { port, secondOpenings } = await opened();
  expect((await sendRaw(port, path)).status).toBe(404);
  expect(secondOpenings()).toBe(0);
});

test("another user of the machine is refused, and the person's browser is the first", async () => {
  let other = true;
  const { port, start, secondOpenings } = await listenForCallback({ isOtherUser: () => Promise.resolve(other) });
  const refused = await sendRaw(port, start.path);
  expect([refused.status, refused.headers["location"]]).toEqual([403, undefined]);
  other = false;
  expect((await sendRaw(port, start.path)).status).toBe(302);
  expect(secondOpenings()).toBe(0);
});
