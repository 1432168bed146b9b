import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { expectPortFree } from "../support/callback.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { openConnection } from "../support/raw-http.ts";
import { simulate, startServer, type ServerOptions, type TestServer } from "../support/server.ts";

async function start(options: Partial<ServerOptions> = {}) {
  const simulator = await simulate();
  const home = makeHome();
  const server = await startServer({ simulator, home, ...options });
  return { simulator, home, server };
}

/** Begin a login; gives its URL and the port that it listens on. */
async function begin({ call }: TestServer) {
  const { facts, text } = await call("codex_login");
  const url = String(facts["authorizationUrl"]);
  expect(text).toContain(url);
  const redirectUri = new URL(url).searchParams.get("redirect_uri") ?? "";
  return { url, port: Number(new URL(redirectUri).port) };
}

test("gives the URL in text and progress, shows the login in status, joins it, completes it", async () => {
  const { simulator, home, server } = await start({ entry: "shipped" });
  const { url, port } = await begin(server);
  expect((await server.call("codex_status")).text).toContain(url);

  const told = deferred<string>();
  const waiting = server.call(
    "codex_login",
    { wait_seconds: 600 },
    {
      onprogress: ({ message }) => {
        told.resolve(message ?? "");
      },
    },
  );
  expect(await told.promise).toMatch(/^Not OpenAI's own servers: .* Open this URL to sign in: /);
  expect(await told.promise).toContain(url);
  const page = await simulator.signIn(url);
  expect(page).toMatchObject({ status: 200, headers: { "cache-control": "no-store" } });
  const { text } = await waiting;
  expect(text).toMatch(
    /^Not OpenAI's own servers: this login and each question go to 127\.0\.0\.1:\d+; the sign-in is at 127\.0\.0\.1:\d+\. Signed in as/,
  );
  await expectPortFree(port);

  expect(home.record()).toMatchObject({
    version: 1,
    issuer: simulator.issuer,
    apiOrigin: new URL(simulator.baseUrl).origin,
    accountId: simulator.account.accountId,
  });
  expect(simulator.stats).toMatchObject({ exchanges: 1, usedCodeAttempts: 0 });
  expect(readFileSync(join(home.stateDir, "debug.log"), "utf8")).toContain("the sign-in is complete");
});

/** A call that waits; cancelled, with what it had told of the URL. */
async function cancelledWait(server: Awaited<ReturnType<typeof start>>["server"]): Promise<string> {
  const aborter = new AbortController();
  const told = deferred<string>();
  const waiting = server.call(
    "codex_login",
    { wait_seconds: 600 },
    {
      signal: aborter.signal,
      onprogress: ({ message }) => {
        told.resolve(message ?? "");
      },
    },
  );
  const message = await told.promise;
  aborter.abort("AbortError: user-cancel");
  await expect(waiting).rejects.toThrow("user-cancel");
  return /http\S+/.exec(message)?.[0] ?? "";
}

test("a call that the person cancels ends the login that it began and frees its port", async () => {
  const { server } = await start();
  const url = await cancelledWait(server);
  expect((await server.call("codex_status")).text).not.toContain("A login waits");
  const redirect = new URL(url).searchParams.get("redirect_uri") ?? "";
  await expectPortFree(Number(new URL(redirect).port));
  expect((await begin(server)).url).not.toBe(url);
});

test("a cancelled call that only joined leaves the login, which then completes", async () => {
  const { simulator, server } = await start();
  const { url } = await begin(server);
  expect(await cancelledWait(server)).toBe(url);
  expect((await server.call("codex_status")).text).toContain(url);
  expect((await simulator.signIn(url)).status).toBe(200);
});

test("a call that the host's time-out ends leaves the login, which then completes", async () => {
  const { simulator, server } = await start();
  const { url } = await begin(server);
  const waiting = server.call("codex_login", { wait_seconds: 600 }, { timeout: 100 });
  await expect(waiting).rejects.toThrow("timed out");
  expect((await server.call("codex_status")).text).toContain(url);
  expect((await simulator.signIn(url)).status).toBe(200);
  expect((await server.call("codex_status")).text).toMatch(/^Signed in as c\*\*\*@/m);
});

test("the end of stdin during a login frees the port and ends the process with 0", async () => {
  const { simulator, server } = await start();
  const { url, port } = await begin(server);
  const late = await simulator.authorize(url);
  // What browsers do: connections opened ahead that say nothing.
  const silent = await Promise.all([openConnection(port), openConnection(port, "::1")]);
  const waiting = server.call("codex_login", { wait_seconds: 600 }).catch(() => "gone");
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(await waiting).toBe("gone");
  expect(await Promise.all(silent.map(({ ended }) => ended))).toEqual(["", ""]);
  await expectPortFree(port);
  await expect(fetch(late)).rejects.toThrow();
});

test("the end of stdin while the tokens are on their way stores nothing and ends with 0", async () => {
  const { simulator, home, server } = await start();
  const { url } = await begin(server);
  simulator.next("token:exchange", { kind: "hang" });
  const page = simulator.signIn(url).catch(() => undefined);
  await simulator.waitForRequest("token:exchange");
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  await page;
  expect(home.record()).toBeUndefined();
});

test("clear stops a waiting login, is no error with nothing to clear, and keeps others' keys", async () => {
  const { simulator, home, server } = await start();
  writeLogin(home, simulator, { others: { openai: { type: "api", key: "k" } } });
  const { url, port } = await begin(server);
  const first = await server.call("codex_clear");
  expect(first.text).toMatch(/^Signed out: .* A login that was waiting has been stopped\./);
  await expectPortFree(port);
  const again = await server.call("codex_clear");
  expect([again.isError, again.text]).toEqual([false, expect.stringMatching(/^Nothing to clear/)]);
  expect(JSON.parse(home.readAuth())).toEqual({ openai: { type: "api", key: "k" } });

  const next = await begin(server);
  expect(next.url).not.toBe(url);
  expect((await simulator.signIn(next.url)).status).toBe(200);
  expect(JSON.parse(home.readAuth())).toMatchObject({ openai: { type: "api", key: "k" } });
});

test("a login and a clear that arrive together leave nobody waiting", async () => {
  const { server } = await start();
  const [login, clear] = await Promise.all([
    server.call("codex_login", { wait_seconds: 600 }),
    server.call("codex_clear"),
  ]);
  expect(login.code).toBe("CANCELLED");
  expect(clear.text).toContain("A login that was waiting has been stopped.");
});
