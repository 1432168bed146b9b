import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import type { RecordedRequest, Simulator } from "../simulator/index.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { processGone, refreshPid } from "../support/claims.ts";
import { refreshRequests, simulate, startServer, type Answer, type TestServer } from "../support/server.ts";

interface OnItsWay {
  simulator: Simulator;
  home: Home;
  server: TestServer;
  request: RecordedRequest;
  call: Promise<Answer>;
  spent: string;
  answer: () => void;
}

/** A server whose refresh the authorization server has committed and not yet answered. */
async function refreshOnItsWay(signal = new AbortController().signal): Promise<OnItsWay> {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const server = await startServer({ simulator, home });
  const call = server.call("codex_query", { prompt: "Now?" }, { signal });
  call.catch(() => undefined); // whoever ends the server gets no answer
  const request = await simulator.waitForRequest("token:refresh");
  const answer = (): void => {
    gate.resolve(undefined);
  };
  return { simulator, home, server, request, call, spent, answer };
}

/** Resolves when the server's diagnostics hold this text. */
async function said({ transport }: TestServer, text: string): Promise<void> {
  if (transport.stderr.includes(text)) return;
  const heard = deferred<undefined>();
  transport.child.stderr.on("data", () => {
    if (transport.stderr.includes(text)) heard.resolve(undefined);
  });
  await heard.promise;
}

test.each([
  ["SIGTERM", ({ transport }: TestServer) => void transport.child.kill("SIGTERM")],
  ["SIGINT", ({ transport }: TestServer) => void transport.child.kill("SIGINT")],
  ["the end of stdin", ({ transport }: TestServer) => void transport.child.stdin.end()],
])(
  "%s during a refresh: the server ends with 0 at once, and the refresh process saves the new token",
  async (_, end) => {
    const { simulator, home, server, request, spent, answer } = await refreshOnItsWay();
    const pid = refreshPid(home) ?? NaN;
    end(server);
    expect(await server.transport.exited).toEqual({ code: 0, signal: null });
    expect(request.closedAt).toBeUndefined();
    answer();
    await processGone(pid);
    expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
    expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  },
);

test("a cancelled call lets its refresh end, and the next call finds the new token", async () => {
  const aborter = new AbortController();
  const { simulator, home, server, call, spent, answer } = await refreshOnItsWay(aborter.signal);
  aborter.abort("not wanted any more");
  await expect(call).rejects.toThrow();
  await said(server, "codex_query failed with CANCELLED");
  answer();
  expect((await server.call("codex_query", { prompt: "Now?" })).isError).toBe(false);
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
  expect(refreshRequests(simulator)).toBe(1);
});

test("a server that only waits for another one's refresh ends without waiting on", async () => {
  const { simulator, home, answer, request } = await refreshOnItsWay();
  // Neither the wait for the other nor the grace at the end may run out in this test.
  const limits = { refreshWaitMs: 600_000, shutdownGraceMs: 600_000 };
  const server = await startServer({ simulator, home, limits });
  server.call("codex_query", { prompt: "Now?" }).catch(() => undefined);
  await server.call("codex_status"); // the question before it has been read
  server.transport.child.kill("SIGTERM");
  expect(await server.transport.exited).toEqual({ code: 0, signal: null });
  expect(request.closedAt).toBeUndefined();
  expect(refreshRequests(simulator)).toBe(1);
  answer();
});

test("a login cleared in one window stays cleared when another's refresh comes home", async () => {
  const { simulator, home, call, spent, answer } = await refreshOnItsWay();
  const other = await startServer({ simulator, home });
  expect((await other.call("codex_clear")).text).toContain("Signed out");
  expect(home.record()).toBeUndefined();
  answer();
  expect(await call).toMatchObject({ isError: true, code: "AUTH_REQUIRED" });
  expect(home.record()).toBeUndefined();
  // The first is the other window's, of the login that it found.
  const revocation = await simulator.waitForRequest("revoke", 2);
  expect(revocation.json).toMatchObject({ token: simulator.family(spent)?.current });
  await revocation.done;
  expect(simulator.family(spent)?.revoked).toBe(true);
  expect((await other.call("codex_query", { prompt: "Now?" })).code).toBe("AUTH_REQUIRED");
});

test("a token that another window stores during the sign-out is gone and revoked, too", async () => {
  const { simulator, home, call, spent, answer } = await refreshOnItsWay();
  const other = await startServer({ simulator, home });
  const gate = deferred<undefined>();
  // The first revocation arrives too late to end the family.
  simulator.next("revoke", { kind: "raw", status: 503, body: gated(gate.promise) });
  const clear = other.call("codex_clear");
  const first = await simulator.waitForRequest("revoke");
  expect(first.json).toMatchObject({ token: spent });
  answer();
  expect((await call).isError).toBe(false);
  const current = simulator.family(spent)?.current;
  expect(home.record()?.["refreshToken"]).toBe(current);
  gate.resolve(undefined);
  expect(await clear).toMatchObject({ isError: false, facts: { revoked: "revoked" } });
  expect((await simulator.waitForRequest("revoke", 2)).json).toMatchObject({ token: current });
  expect(simulator.family(spent)?.revoked).toBe(true);
  expect(home.record()).toBeUndefined();
});

/** A body that comes when it may. */
async function* gated(open: Promise<unknown>): AsyncGenerator<Uint8Array> {
  await open;
  yield Buffer.from("{}");
}
