import { rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { simulate, startServer } from "../support/server.ts";
import { storeLockOf } from "../support/token-rig.ts";

test("a refreshed login that cannot be saved: every window hears why, and is saved as soon as it can be", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: spent } = writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
  const [server, other] = await Promise.all([startServer({ simulator, home }), startServer({ simulator, home })]);
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });

  const call = server.call("codex_query", { prompt: "hi" });
  await simulator.waitForRequest("token:refresh");
  writeFileSync(storeLockOf(home), "no lock");
  gate.resolve(undefined);
  for (const answer of [await call, await other.call("codex_query", { prompt: "hi" })]) {
    expect(answer).toMatchObject({ isError: true, code: "STORAGE" });
    expect(answer.text).toContain("could not be saved yet");
    expect(answer.text).toContain(storeLockOf(home));
  }
  expect((await other.call("codex_status")).text).toContain("not saved yet");
  expect(home.record()).toMatchObject({ refreshToken: spent });

  rmSync(storeLockOf(home));
  while (home.record()?.["refreshToken"] === spent) await new Promise((resolve) => setImmediate(resolve));
  expect((await server.call("codex_query", { prompt: "hi" })).text).toContain("The simulator received: hi");
  expect(home.record()).toMatchObject({ refreshToken: simulator.family(spent)?.current });
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});
