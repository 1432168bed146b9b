import { join } from "node:path";
import { expect, test } from "vitest";
import { fingerprint } from "../../../src/platform/random.ts";
import { claimsFolder, claimsOf } from "../../support/claims.ts";
import { listenOnly } from "../../support/evil.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin } from "../../support/home.ts";
import { claimAt } from "../../support/owners.ts";
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
  const { refreshToken } = writeLogin(home, simulator, { accessExpiresInMs: -60 * second, extraFields });
  const { get } = tokenRig({ simulator: service, home, clock });
  for (let call = 1; call <= 3; call++) {
    const outcome = failure(get());
    while (hole.connections < call) await clock.advance(0);
    await clock.advance(15 * second);
    expect(await clock.until(outcome), `call ${call}`).toMatchObject({
      code: "NETWORK",
      message: `No connection to ${service.issuer} came about within 15 s.`,
    });
    const [claim, ...more] = claimsOf(home);
    expect(more).toEqual([]);
    expect(claim).toMatchObject({ name: `${fingerprint(refreshToken)}.${call}`, outcome: "unsent" });
    expect(claimAt(join(claimsFolder(home), claim?.name ?? ""))).toMatchObject({ attempts: 0 });
  }
});
