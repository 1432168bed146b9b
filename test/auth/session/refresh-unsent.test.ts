import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listenOnly } from "../../support/evil.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin } from "../../support/home.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";
import { tokenRig } from "../../support/token-rig.ts";

const second = 1_000;

test("a refresh that finds no connection leaves the token unused, and every call reports the cause", async () => {
  const simulator = await simulate();
  const clock = fakeClock(Date.now());
  const hole = await listenOnly(); // takes connections and never speaks TLS
  const service = { issuer: `https://127.0.0.1:${hole.port}`, baseUrl: simulator.baseUrl };
  const home = makeHome();
  const extraFields = { issuer: service.issuer };
  writeLogin(home, simulator, { accessExpiresInMs: -60 * second, extraFields });
  const { get } = tokenRig({ simulator: service, home, clock });
  for (let call = 1; call <= 3; call++) {
    const outcome = failure(get());
    while (hole.connections < call) await clock.advance(0);
    await clock.advance(15 * second);
    expect(await outcome, `call ${call}`).toMatchObject({
      code: "NETWORK",
      message: `No connection to ${service.issuer} came about within 15 s.`,
      details: { unsent: true },
    });
    const journal = JSON.parse(readFileSync(join(home.stateDir, "refresh.json"), "utf8")) as object;
    expect(journal).toMatchObject({ outcome: "unknown", attempts: 0 });
  }
});
