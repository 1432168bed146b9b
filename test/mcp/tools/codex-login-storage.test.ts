import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { writeLogin, type Home } from "../../support/home.ts";
import { loginTools } from "../../support/login-tools.ts";

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.signature`;
}

test.each([
  ["is refused", { kind: "json", status: 400, body: { error: "invalid_grant" } }, "AUTH_DENIED"],
  ["fails", { kind: "json", status: 500, body: {} }, "UPSTREAM"],
  ["gets HTML", { kind: "html", status: 200, headers: {}, body: "<html>" }, "BLOCKED"],
] as const)("an exchange that %s leaves the stored login as it is", async (_, reply, code) => {
  const { call, begin, simulator, home } = await loginTools();
  writeLogin(home, simulator, { others: { other: { key: 1 } } });
  const before = home.readAuth();
  simulator.next("token:exchange", reply);
  const url = await begin();
  const waiting = call("codex_login", { wait_seconds: 600 });
  await simulator.signIn(url);
  expect((await waiting).code).toBe(code);
  expect(home.readAuth()).toBe(before);
  expect((await call("codex_status")).text).toMatch(/^Signed in as/m);
});

test("tokens that name no account are AUTH_DENIED, and nothing is stored", async () => {
  const { call, begin, simulator, home } = await loginTools();
  const body = {
    access_token: jwt({ exp: 4_000_000_000 }),
    id_token: jwt({ email: "nobody@example.test" }),
    refresh_token: "rt_for_nobody_1",
  };
  simulator.next("token:exchange", { kind: "json", body });
  const url = await begin();
  const waiting = call("codex_login", { wait_seconds: 600 });
  const page = await simulator.signIn(url);
  expect(page.body).toContain("no ChatGPT account");
  const { code, text } = await waiting;
  expect(code).toBe("AUTH_DENIED");
  expect(text).toContain("with an account that has a ChatGPT plan");
  expect(existsSync(home.authFile)).toBe(false);
});

test("keys of others and unknown fields of ours survive a login; the file is private", async () => {
  const { begin, simulator, home, call } = await loginTools();
  writeLogin(home, simulator, {
    others: { openai: { type: "api", key: "k" }, list: [1, { deep: null }] },
    extraFields: { fromTheFuture: { a: 1 } },
  });
  const old = home.record();
  const url = await begin();
  simulator.account = { ...simulator.account, accountId: "another-account", email: "b@b.test" };
  const waiting = call("codex_login", { wait_seconds: 600 });
  await simulator.signIn(url);
  await waiting;
  const document = JSON.parse(readFileSync(home.authFile, "utf8")) as Record<string, unknown>;
  expect(document).toMatchObject({ openai: { type: "api", key: "k" }, list: [1, { deep: null }] });
  expect(home.record()).toMatchObject({
    accountId: "another-account",
    email: "b@b.test",
    fromTheFuture: { a: 1 },
  });
  expect(Number(home.record()?.["generation"])).toBeGreaterThan(Number(old?.["generation"]));
  expect(statSync(home.authFile).mode & 0o777).toBe(0o600);
});

test("of two windows that sign in at once, the one that finishes last stays", async () => {
  const { begin, another, simulator, home } = await loginTools();
  const second = another();
  const urls = [await begin(), await second.begin()];
  expect(new Set(urls).size).toBe(2);
  for (const [index, url] of urls.toReversed().entries()) {
    simulator.account = { ...simulator.account, email: `user${index}@example.test` };
    expect((await simulator.signIn(url)).status).toBe(200);
  }
  expect(home.record()?.["email"]).toBe("user1@example.test");
  expect((await second.call("codex_status")).text).toContain("u***@example.test");
  expect(simulator.stats).toMatchObject({ exchanges: 2, replays: 0 });
});

test("two windows that finish at the same moment leave one whole login", async () => {
  const { another, simulator, home } = await loginTools();
  const options = { clock: systemClock }; // the second one waits for the file's lock
  const urls = [await another(options).begin(), await another(options).begin()];
  const pages = await Promise.all(urls.map((url) => simulator.signIn(url)));
  expect(pages.map(({ status }) => status)).toEqual([200, 200]);
  const { refreshToken, accessToken } = home.record() as Record<string, string>;
  const family = simulator.family(refreshToken ?? "");
  expect(family).toEqual({ current: refreshToken, revoked: false });
  expect(simulator.family(accessToken ?? "")).toEqual(family);
});

test("a damaged file does not stand in the way of a login", async () => {
  const { begin, simulator, home, call, clock } = await loginTools();
  writeFileSync(home.authFile, '{"codex": {"version": 1, "acc', { mode: 0o600 });
  const url = await clock.until(begin()); // it is read several times
  expect((await clock.until(simulator.signIn(url))).status).toBe(200);
  expect((await call("codex_status")).text).toMatch(/^Signed in as c\*\*\*@/m);
});

test("a file that must not be written fails the login with the reason, in the browser, too", async () => {
  const { begin, simulator, home, call } = await loginTools();
  const url = await begin();
  writeFileSync(home.authFile, JSON.stringify({ codex: { version: 99 } }), { mode: 0o600 });
  const before = home.readAuth();
  const waiting = call("codex_login", { wait_seconds: 600 });
  const page = await simulator.signIn(url);
  expect(page.body).toContain("newer codex-oauth");
  expect((await waiting).code).toBe("STORAGE");
  expect(home.readAuth()).toBe(before);
});

test("tokens that could not be saved after all are revoked at the server", async () => {
  const { begin, simulator, home } = await loginTools();
  const url = await begin();
  writeFileSync(home.authFile, JSON.stringify({ codex: { version: 99 } }), { mode: 0o600 });
  const revocation = simulator.waitForRequest("revoke");
  await simulator.signIn(url);
  const { json, done } = await revocation;
  await done;
  expect(simulator.family((json as { token: string }).token)?.revoked).toBe(true);
});

describe.each(["browser", "device"])("with method %s", (method) => {
  test.each<[string, (home: Home) => void]>([
    [
      "a file of a newer version",
      (home) => {
        writeFileSync(home.authFile, JSON.stringify({ codex: { version: 99 } }), { mode: 0o600 });
      },
    ],
    [
      "a folder in the file's place",
      (home) => {
        mkdirSync(home.authFile);
      },
    ],
  ])("%s is STORAGE at once: nobody is asked to approve in vain", async (_, spoil) => {
    const { simulator, home, call, progress } = await loginTools();
    spoil(home);
    const { code, text } = await call("codex_login", { method, wait_seconds: 600 });
    expect(code).toBe("STORAGE");
    expect(text).not.toContain("/authorize");
    expect(progress).toEqual([]);
    expect(simulator.requests).toEqual([]);
  });
});
