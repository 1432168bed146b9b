import { writeSync } from "node:fs";
import { test } from "vitest";
import { makeHome } from "../support/home.ts";
import { fleetSize, obstacles, race, rounds, startFleet, type Obstacle } from "../support/race.ts";
import { simulate } from "../support/server.ts";

test(`${rounds.soak} rounds of ${fleetSize} windows with one expired login`, async () => {
  const simulator = await simulate();
  const home = makeHome();
  const fleet = await startFleet(simulator, home);
  const kinds = Object.keys(obstacles) as Obstacle[];
  const sum = { rounds: 0, refreshes: 0, replays: 0 };
  const started = performance.now();
  try {
    for (let round = 0; round < rounds.soak; round++) {
      await race(fleet, simulator, home, kinds[round % kinds.length] ?? "no lock");
      sum.rounds++;
      sum.refreshes += simulator.stats.refreshes;
      sum.replays += simulator.stats.replays;
    }
  } finally {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const { rounds: done, refreshes, replays } = sum;
    const line = `${done} rounds of ${fleetSize} windows: ${refreshes} refreshes, ${replays} replays, ${seconds} s\n`;
    writeSync(1, line);
  }
});
