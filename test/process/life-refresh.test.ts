import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { claimsOf, processGone, refreshPid } from "../support/claims.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { RawClient } from "../support/raw-client.ts";
import { simulate, startProcess } from "../support/server.ts";

/** No grace at the end runs out in these tests. */
const limits = { shutdownGraceMs: 3_600_000 };

async function refreshing(gate: "beforeCommit" | "afterCommit") {
  const simulator = await simulate();
  const home = makeHome();
  const old = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const open = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", [gate]: open.promise });
  const transport = startProcess({ simulator, home, limits });
  const client = new RawClient(transport);
  await client.initialize();
  const params = { name: "codex_query", arguments: { prompt: "hi" } };
  client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const request = await simulator.waitForRequest("token:refresh");
  return {
    simulator,
    home,
    old,
    transport,
    request,
    pid: refreshPid(home) ?? NaN,
    open: () => {
      open.resolve(undefined);
    },
  };
}

/** Ways to end a server. */
const ends = {
  "the end of stdin": (transport: Ending) => transport.child.stdin.end(),
  SIGINT: (transport: Ending) => transport.child.kill("SIGINT"),
  SIGTERM: (transport: Ending) => transport.child.kill("SIGTERM"),
  SIGHUP: (transport: Ending) => transport.child.kill("SIGHUP"),
};
type Ending = Awaited<ReturnType<typeof refreshing>>["transport"];

describe.each(["beforeCommit", "afterCommit"] as const)("a refresh that has been sent (%s) is saved", (gate) => {
  test.each(Object.entries(ends))("in spite of %s, which ends the server at once", async (_, end) => {
    const { simulator, home, old, transport, request, pid, open } = await refreshing(gate);
    end(transport);
    end(transport); // hosts ask twice
    expect(await transport.exited).toEqual({ code: 0, signal: null });
    expect(request.closedAt).toBeUndefined();
    expect(home.record()?.["refreshToken"]).toBe(old.refreshToken);
    open();
    await processGone(pid);
    expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
    const saved = home.record()?.["refreshToken"];
    expect(saved).not.toBe(old.refreshToken);
    expect(saved).toBe(simulator.family(old.refreshToken)?.current);
    expect(statSync(home.authFile).mode & 0o777).toBe(0o600);
  });
});

test("a refresh whose answer never comes does not hold the end up", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const old = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  simulator.next("token:refresh", { kind: "hang" });
  const transport = startProcess({ simulator, home, limits });
  const client = new RawClient(transport);
  const params = { name: "codex_query", arguments: { prompt: "hi" } };
  client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  await simulator.waitForRequest("token:refresh");
  const pid = refreshPid(home) ?? NaN;
  transport.child.stdin.end();
  expect(await transport.exited).toEqual({ code: 0, signal: null });
  expect(claimsOf(home)).toMatchObject([{ pid, outcome: undefined }]); // it still waits for its answer
  process.kill(pid, "SIGKILL");
  expect(home.record()?.["refreshToken"]).toBe(old.refreshToken);
});
