import { rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { simulate, startServer } from "../support/server.ts";
import { storeLockOf } from "../support/token-rig.ts";

test("a login that cannot be saved still answers, says so, and is saved at the end", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const server = await startServer({ simulator, home });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });

  const call = server.call("codex_query", { prompt: "hi" });
  await simulator.waitForRequest("token:refresh");
  writeFileSync(storeLockOf(home), "no lock");
  gate.resolve(undefined);
  const answer = await call;
  expect(answer.text).toContain("The simulator received: hi");
  expect(answer.text).toContain("the refreshed login could not be saved yet");
  expect(home.record()).toMatchObject({ refreshToken: spent });

  rmSync(storeLockOf(home));
  await server.stop();
  expect(home.record()).toMatchObject({ refreshToken: simulator.family(spent)?.current });
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});
