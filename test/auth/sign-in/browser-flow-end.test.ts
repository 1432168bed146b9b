import { expect, test } from "vitest";
import { CodexError } from "../../../src/shared/errors.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { expectPortFree } from "../../support/callback.ts";
import { emptyLogin, flowRig } from "../../support/login-rig.ts";
import { failure } from "../../support/replies.ts";
import { connectionRefusal, sendRaw } from "../../support/raw-http.ts";

const tenMinutes = 10 * 60_000;

function portOf(redirectUri: string): number {
  return Number(new URL(redirectUri).port);
}

/** Visit the redirect by hand, with other values than the authorization server gave. */
async function visit(location: string, changes: Record<string, string> = {}) {
  const url = new URL(location);
  for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
  return sendRaw(Number(url.port), `${url.pathname}${url.search}`);
}

test("after ten minutes the login is over: LOGIN_TIMEOUT, a free port, no late callback", async () => {
  const { flow, simulator, clock } = await flowRig();
  const pending = await flow.begin();
  const late = await simulator.authorize(pending.authorizationUrl);
  expect(pending.endsAt - pending.startedAt).toBe(tenMinutes);
  await clock.advance(tenMinutes - 1);
  const port = portOf(pending.redirectUri);
  expect(await connectionRefusal(port, "127.0.0.1")).toBeUndefined();
  await clock.advance(1);
  await expect(pending.completed).rejects.toMatchObject({ code: "LOGIN_TIMEOUT" });
  await expect(visit(late)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expectPortFree(port);
  expect(simulator.stats.exchanges).toBe(0);
  expect(clock.pending).toBe(0);
});

test("a cancelled login frees its port at once and refuses the callback", async () => {
  const { flow, simulator, clock } = await flowRig();
  const pending = await flow.begin();
  const late = await simulator.authorize(pending.authorizationUrl);
  expect(pending.cancel("Enough.")).toBe(true);
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED", message: "Enough." });
  await expect(visit(late)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expectPortFree(portOf(pending.redirectUri));
  expect(clock.pending).toBe(0);
});

test("a cancel during the exchange stores nothing, and what never comes is given up after five seconds", async () => {
  const { flow, simulator, saved, clock, orphanedTokens } = await flowRig();
  simulator.next("token:exchange", { kind: "hang" });
  const pending = await flow.begin();
  const page = simulator.signIn(pending.authorizationUrl);
  const exchange = await simulator.waitForRequest("token:exchange");
  expect(pending.cancel("Enough.")).toBe(true);
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  expect((await page).body).toContain("Enough.");
  await clock.advance(5_000);
  await exchange.done;
  expect(exchange.closedBy).toBe("client");
  await orphanedTokens.settled();
  expect(saved).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("tokens that come after a cancel are revoked, and no login stays at the server", async () => {
  const { flow, simulator, saved, clock, orphanedTokens } = await flowRig();
  const gate = deferred<undefined>();
  simulator.next("token:exchange", { kind: "default", afterCommit: gate.promise });
  const pending = await flow.begin();
  const page = simulator.signIn(pending.authorizationUrl);
  await simulator.waitForRequest("token:exchange");
  expect(pending.cancel("Enough.")).toBe(true);
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  await page;
  gate.resolve(undefined);
  await orphanedTokens.settled();
  const revoked = simulator.requests.find(({ route }) => route === "revoke")?.json;
  const { token } = revoked as { token: string };
  expect(simulator.family(token)?.revoked).toBe(true);
  expect(saved).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("tokens that could not be saved are revoked", async () => {
  const failure = new CodexError("STORAGE", "The disk is full.");
  const { flow, simulator, saved, orphanedTokens } = await flowRig({ save: () => Promise.reject(failure) });
  const pending = await flow.begin();
  await simulator.signIn(pending.authorizationUrl);
  await expect(pending.completed).rejects.toBe(failure);
  await orphanedTokens.settled();
  expect(simulator.family(saved[0]?.refresh_token ?? "")?.revoked).toBe(true);
});

test("a cancel while the tokens are being saved comes too late: the login is whole", async () => {
  const gate = deferred<typeof emptyLogin>();
  const saving = deferred<undefined>();
  const { flow, simulator } = await flowRig({
    save: () => {
      saving.resolve(undefined);
      return gate.promise;
    },
  });
  const pending = await flow.begin();
  const page = simulator.signIn(pending.authorizationUrl);
  await saving.promise;
  expect(pending.cancel("Enough.")).toBe(false);
  gate.resolve(emptyLogin);
  expect(await pending.completed).toBe(emptyLogin);
  expect((await page).status).toBe(200);
});

test.each(["while it is found out whether tokens could be kept", "before"])(
  "no login begins when the program ends %s",
  async (when) => {
    const rehearsal = deferred<undefined>();
    const { flow, logged } = await flowRig({
      rehearse: async () => {
        await rehearsal.promise;
      },
    });
    if (when === "before") flow.close();
    const begun = failure(flow.begin());
    flow.close();
    rehearsal.resolve(undefined);
    expect(await begun).toMatchObject({ code: "CANCELLED", message: "The program is ending." });
    expect(logged).toEqual([]); // no port was opened
  },
);
