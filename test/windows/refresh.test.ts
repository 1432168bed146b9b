import { readdirSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { writeLogin } from "../support/home.ts";
import { refreshRequests, simulate, startServer } from "../support/server.ts";
import { onWindows, startFor, windowsHome } from "./rig/windows.ts";

/** A login that must be refreshed, and servers that have it. */
async function expired(servers: number) {
  const simulator = await simulate();
  const home = windowsHome();
  const { refreshToken } = writeLogin(home, simulator, {
    accessExpiresInMs: -1_000,
    others: { "other-tool": { keep: "Grüße" } },
  });
  const start = startFor(home);
  const fleet = await Promise.all(
    Array.from({ length: servers }, () => startServer({ simulator, home, entry: "shipped", start })),
  );
  const newest = () => simulator.family(refreshToken)?.current;
  return { simulator, home, fleet, newest };
}

onWindows("a refresh on Windows' Node", () => {
  test("spends the token once and saves its successor, and what others keep in the file", async () => {
    const { simulator, home, fleet, newest } = await expired(1);
    expect(await fleet[0]?.call("codex_query", { prompt: "Now?" })).toMatchObject({ isError: false });
    expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
    expect(home.record()?.["refreshToken"]).toBe(newest());
    expect(JSON.parse(home.readAuth())).toMatchObject({ "other-tool": { keep: "Grüße" } });
    expect(readdirSync(home.path).filter((name) => /\.tmp|\.lock|damaged/.test(name))).toEqual([]);
  });

  test("is spent once by servers that race for it, again and again", async () => {
    const { simulator, home, fleet } = await expired(2);
    for (let round = 0; round < 5; round++) {
      simulator.reset();
      const { refreshToken } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
      const answers = await Promise.all(fleet.map(({ call }) => call("codex_query", { prompt: "Now?" })));
      expect(answers.filter(({ isError }) => isError).map(({ text }) => text)).toEqual([]);
      expect(refreshRequests(simulator)).toBe(1);
      expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
      expect(home.record()?.["refreshToken"]).toBe(simulator.family(refreshToken)?.current);
    }
  });

  test("is saved by its own process when the server is killed before the answer", async () => {
    const { simulator, home, fleet, newest } = await expired(1);
    const gate = deferred<undefined>();
    simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
    const [server] = fleet;
    const call = server?.call("codex_query", { prompt: "Now?" });
    call?.catch(() => undefined);
    await simulator.waitForRequest("token:refresh");
    server?.transport.child.kill();
    await server?.transport.exited;
    gate.resolve(undefined);
    await vi.waitFor(
      () => {
        expect(home.record()?.["refreshToken"]).toBe(newest());
      },
      { timeout: 20_000 },
    );
    const start = startFor(home);
    const next = await startServer({ simulator, home, entry: "shipped", start });
    expect(await next.call("codex_query", { prompt: "Now?" })).toMatchObject({ isError: false });
    expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  });

  test("finds the login whatever the case of the setting's name", async () => {
    const simulator = await simulate();
    const home = windowsHome();
    const { refreshToken } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
    const env = { CODEX_AUTH_FILE: "", Codex_Auth_File: home.authFile };
    const { call } = await startServer({ simulator, home, env, entry: "shipped", start: startFor(home) });
    expect(await call("codex_query", { prompt: "Now?" })).toMatchObject({ isError: false });
    expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
    expect(home.record()?.["refreshToken"]).toBe(simulator.family(refreshToken)?.current);
  });
});
