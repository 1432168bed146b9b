import { expect } from "vitest";
import type { Simulator } from "../simulator/index.ts";
import { writeLogin, type Home } from "./home.ts";
import { anHourMs, deadProcess, plantForeignLock, plantLock } from "./owners.ts";
import { startServer, type TestServer } from "./server.ts";
import { refreshLockOf, storeLockOf } from "./token-rig.ts";

/** So many windows meet one expired login. */
export const fleetSize = 20;
/** Rounds of each kind in the suite; of all kinds together in the soak. */
export const rounds = { suite: 5, soak: 100 };

/** What stands in the way when a round begins. */
export const obstacles = {
  "no lock": () => undefined,
  "both locks of a process that died": (home: Home) => {
    const owner = deadProcess();
    plantLock(storeLockOf(home), owner, anHourMs);
    plantLock(refreshLockOf(home), owner, anHourMs);
  },
  "another program's lock, an hour old": (home: Home) => {
    plantForeignLock(storeLockOf(home), anHourMs);
  },
} as const;

export type Obstacle = keyof typeof obstacles;

export async function startFleet(simulator: Simulator, home: Home): Promise<TestServer[]> {
  return Promise.all(Array.from({ length: fleetSize }, () => startServer({ simulator, home })));
}

/**
 * One round: an expired login in the file, every window asks at once. All get their answer, by one
 * request for a refresh and one commit.
 */
export async function race(
  fleet: readonly TestServer[],
  simulator: Simulator,
  home: Home,
  obstacle: Obstacle,
): Promise<void> {
  simulator.reset();
  const { refreshToken } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  obstacles[obstacle](home);
  const answers = await Promise.all(fleet.map(({ call }) => call("codex_query", { prompt: "Now?" })));
  expect(answers.filter(({ isError }) => isError).map(({ text }) => text)).toEqual([]);
  expect(refreshRequests(simulator)).toBe(1);
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  expect(home.record()?.["refreshToken"]).toBe(simulator.family(refreshToken)?.current);
}

export function refreshRequests(simulator: Simulator): number {
  return simulator.requests.filter(({ route }) => route === "token:refresh").length;
}
