import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { parseIdentity } from "../../src/platform/process-identity.ts";
import type { RecordedRequest, Simulator } from "../simulator/index.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { fleetSize, obstacles, race, refreshRequests, rounds, startFleet, type Obstacle } from "../support/race.ts";
import { simulate, type Answer, type TestServer } from "../support/server.ts";
import { refreshLockOf } from "../support/token-rig.ts";

test("twenty windows with one expired login refresh it once, whatever lock was left", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const fleet = await startFleet(simulator, home);
  for (const obstacle of Object.keys(obstacles) as Obstacle[]) {
    for (let round = 0; round < rounds.suite; round++) await race(fleet, simulator, home, obstacle);
  }
  expect(readdirSync(home.path).sort()).toEqual(["auth.json", "state"]);

  // The service no longer takes a token that has time left: again one refresh, one repetition each.
  simulator.reset();
  simulator.expireAccess(writeLogin(home, simulator).accessToken);
  const answers = await Promise.all(fleet.map(({ call }) => call("codex_query", { prompt: "Now?" })));
  expect(answers.filter(({ isError }) => isError).map(({ text }) => text)).toEqual([]);
  expect(refreshRequests(simulator)).toBe(1);
  const questions = simulator.requests.filter(({ route }) => route === "responses").length;
  expect(questions).toBeLessThanOrEqual(2 * fleetSize);
});

/** Every window asks; the process whose refresh has arrived is killed with SIGKILL. */
async function killHolder(fleet: readonly TestServer[], simulator: Simulator, home: Home): Promise<Answer[]> {
  const calls = fleet.map(({ call }) => call("codex_query", { prompt: "Now?" }));
  const request = await simulator.waitForRequest("token:refresh");
  const pid = holderOf(home);
  expect(fleet.map(({ transport }) => transport.child.pid)).not.toContain(pid);
  process.kill(pid, "SIGKILL");
  await gone(request);
  return Promise.all(calls);
}

function holderOf(home: Home): number {
  const [name = ""] = readdirSync(refreshLockOf(home));
  return parseIdentity(name.split(".")[1] ?? "")?.pid ?? NaN;
}

async function gone(request: RecordedRequest): Promise<void> {
  await request.done;
  expect(request.closedBy).toBe("client");
}

test("a process killed during its refresh costs no login before the commit, and one after it", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const fleet = await startFleet(simulator, home);

  const spent = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const hold = deferred<undefined>().promise;
  simulator.next("token:refresh", { kind: "default", beforeCommit: hold });
  const answers = await killHolder(fleet, simulator, home);
  expect(answers.filter(({ isError }) => isError).map(({ text }) => text)).toEqual([]);
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(spent.refreshToken)?.current);

  simulator.reset();
  writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const before = home.readAuth();
  simulator.next("token:refresh", { kind: "default", afterCommit: hold });
  const second = await killHolder(fleet, simulator, home);
  expect(new Set(second.map(({ code }) => code))).toEqual(new Set(["AUTH_EXPIRED"]));
  const again = await Promise.all(fleet.map(({ call }) => call("codex_query", { prompt: "Now?" })));
  expect(new Set(again.map(({ code }) => code))).toEqual(new Set(["AUTH_EXPIRED"]));
  // The killed one's, and one further attempt of all the others together.
  expect(refreshRequests(simulator)).toBe(2);
  expect(home.readAuth()).toBe(before);
});
