import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import type { Simulator } from "../simulator/index.ts";
import { claimsFolder, claimsOf } from "../support/claims.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { simulate, startServer, type Answer, type TestServer } from "../support/server.ts";

interface Refreshing {
  simulator: Simulator;
  home: Home;
  server: TestServer;
  call: Promise<Answer>;
  spent: string;
  commit: () => void;
  answer: () => void;
}

/** One turn of the event loop: the smallest step in which the other processes can go on. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

/** Names in the folder of the claims: announcements too. */
function claimed(home: Home): string[] {
  try {
    return readdirSync(claimsFolder(home));
  } catch {
    return []; // none yet
  }
}

/** Where a refresh stands when the kill comes, in the order in which it gets there. */
const moments: Record<string, (refreshing: Refreshing) => Promise<unknown>> = {
  "the call goes out": () => Promise.resolve(),
  "a process is announced": ({ home }) => until(() => claimed(home).some((name) => name.endsWith(".start"))),
  "the token is claimed": ({ home }) => until(() => claimsOf(home).some(({ outcome }) => outcome === undefined)),
  "the request is there": ({ simulator }) => simulator.waitForRequest("token:refresh"),
  "the token is spent": async ({ simulator, commit }) => {
    await simulator.waitForRequest("token:refresh");
    commit();
    await until(() => simulator.stats.refreshes === 1);
  },
  "the answer goes out": async ({ simulator, commit, answer }) => {
    commit();
    await simulator.waitForRequest("token:refresh");
    answer();
  },
  "the new login is saved": async ({ home, spent, commit, answer }) => {
    commit();
    answer();
    await until(() => home.record()?.["refreshToken"] !== spent);
  },
  "announcements are swept": async ({ home, spent, commit, answer }) => {
    commit();
    answer();
    await until(() => home.record()?.["refreshToken"] !== spent && claimed(home).length === 1);
  },
  "the call is answered": async ({ call, commit, answer }) => {
    commit();
    answer();
    await call;
  },
};

/** How long after the moment, in turns. */
const delays = [0, 1, 5, 25, 100];

test("there are forty-five moments", () => {
  expect(Object.keys(moments).length * delays.length).toBe(45);
});

test.each(Object.entries(moments))(
  "a server killed when %s costs no login, and the next one answers",
  async (_, reach) => {
    const simulator = await simulate();
    const home = makeHome();
    let server = await startServer({ simulator, home });
    for (const delay of delays) {
      simulator.reset();
      const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
      const committing = deferred<undefined>();
      const answering = deferred<undefined>();
      const commit = (): void => {
        committing.resolve(undefined);
      };
      const answer = (): void => {
        answering.resolve(undefined);
      };
      simulator.always("token:refresh", {
        kind: "default",
        beforeCommit: committing.promise,
        afterCommit: answering.promise,
      });
      const call = server.call("codex_query", { prompt: "Now?" });
      call.catch(() => undefined);
      await reach({ simulator, home, server, call, spent, commit, answer });
      for (let n = 0; n < delay; n++) await turn();
      server.transport.child.kill("SIGKILL");
      await server.transport.exited;
      commit();
      answer();

      server = await startServer({ simulator, home });
      const next = await server.call("codex_query", { prompt: "Now?" });
      expect(next.text, `${delay} turns later`).toContain("The simulator received: Now?");
      expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
      expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent)?.current);
      expect(simulator.family(spent)?.revoked).toBe(false);
    }
    expect(readdirSync(home.path).sort()).toEqual(["auth.json", "auth.json.claims", "state"]);
  },
);
