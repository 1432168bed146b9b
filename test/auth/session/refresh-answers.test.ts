import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { deferred } from "../../../src/platform/promises.ts";
import { startSimulator, type PlainReply, type Reply } from "../../simulator/index.ts";
import { claimsOf } from "../../support/claims.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { tokenRig } from "../../support/token-rig.ts";

const minute = 60_000;
const expired = { accessExpiresInMs: -minute };

/** The simulator's own answer with some fields changed or, as undefined, left out. */
function withFields(fields: Record<string, unknown>): Reply {
  return {
    kind: "default",
    adapt: (answer: PlainReply) =>
      answer.kind === "json" ? { ...answer, body: { ...(answer.body as object), ...fields } } : answer,
  };
}

test.each([
  ["without a refresh token", { refresh_token: undefined }],
  ["with null as refresh token", { refresh_token: null }],
  ["with a refresh token that cannot be one", { refresh_token: "rt\n" }],
])("an answer %s keeps the old one", async (_, fields) => {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator, expired);
  simulator.next("token:refresh", withFields(fields));
  const { accessToken } = await tokenRig({ simulator, home }).get();
  expect(home.record()).toMatchObject({ accessToken, refreshToken });
});

test.each([
  ["without id token and expires_in", { id_token: undefined, expires_in: undefined }],
  ["with both in a wrong form", { id_token: 7, expires_in: "proactive" }],
])("an answer %s is good, and the token's own exp counts", async (_, fields) => {
  const simulator = await simulate({ tokenLifetimeMs: 7 * minute });
  const home = makeHome();
  const { idToken, email } = writeLogin(home, simulator, expired);
  simulator.next("token:refresh", withFields(fields));
  const got = await tokenRig({ simulator, home }).get();
  expect(got).toMatchObject({ idToken, email });
  expect(got.expiresAt - Date.now()).toBeGreaterThan(6 * minute);
  expect(got.expiresAt - Date.now()).toBeLessThanOrEqual(7 * minute);
});

test.each([undefined, null, 5, "at\n"])(
  "an answer with %j as access token is none, but its refresh token is kept",
  async (access_token) => {
    const simulator = await simulate();
    const home = makeHome();
    const stored = writeLogin(home, simulator, expired);
    simulator.next("token:refresh", withFields({ access_token }));
    const { get } = tokenRig({ simulator, home });
    await expect(get()).rejects.toMatchObject({ code: "PROTOCOL" });
    expect(home.record()).toMatchObject({
      accessToken: stored.accessToken,
      refreshToken: simulator.family(stored.refreshToken)?.current,
    });
    await get();
    expect(simulator.stats).toMatchObject({ refreshes: 2, replays: 0 });
  },
);

test.each<[string, Reply, string?]>([
  // A captive portal, or Cloudflare.
  ["a page", { kind: "html", status: 200, headers: {} }, "BLOCKED"],
  ["nothing", { kind: "raw", body: "" }],
  ["JSON that is cut", { kind: "raw", body: '{"access_token":"at_CANARY' }],
  ["a list", { kind: "json", body: [] }],
  ["an empty object", { kind: "json", body: {} }],
  ["gzip that was not requested", { kind: "raw", headers: { "content-encoding": "gzip" }, body: gzipSync("{}") }],
])("200 with %s is no answer, and the stored login stays", async (_, reply, code = "PROTOCOL") => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const before = home.readAuth();
  simulator.next("token:refresh", reply);
  const error: unknown = await tokenRig({ simulator, home })
    .get()
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect(String(error)).not.toContain("CANARY");
  expect(home.readAuth()).toBe(before);
  expect(simulator.requests).toHaveLength(1);
});

test("an answer for another account is not taken and not asked for again", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  const before = home.readAuth();
  const { idToken } = simulator.issueTokens({ account: { accountId: "another-account" } });
  simulator.next("token:refresh", withFields({ id_token: idToken }));
  const { get } = tokenRig({ simulator, home });
  for (let call = 0; call < 3; call++) {
    await expect(get()).rejects.toMatchObject({ code: "AUTH_EXPIRED" });
  }
  expect(home.readAuth()).toBe(before);
  expect(simulator.requests).toHaveLength(1);
});

test.each([301, 302, 303, 307, 308])(
  "a redirect (%d) is refused, and no other server gets a request",
  async (status) => {
    const simulator = await simulate();
    await using evil = await startSimulator();
    const home = makeHome();
    for (const location of [
      `${evil.issuer}/oauth/token`,
      `${evil.issuer.replace("127.0.0.1", "localhost")}/oauth/token`,
      "/elsewhere",
    ]) {
      writeLogin(home, simulator, expired);
      simulator.next("token:refresh", { kind: "redirect", status, location });
      const { get } = tokenRig({ simulator, home });
      await expect(get()).rejects.toMatchObject({
        code: "UPSTREAM",
        message: expect.stringContaining("redirect") as string,
      });
    }
    expect(evil.requests).toEqual([]);
    expect(simulator.requests.map(({ path }) => path)).toEqual(Array(3).fill("/oauth/token"));
  },
);

test("a body without end is cut off early", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, expired);
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    const chunk = Buffer.alloc(64 * 1024, " ");
    for (;;) {
      yield await Promise.resolve(chunk);
      sent += chunk.length;
    }
  }
  simulator.next("token:refresh", { kind: "raw", body: endless() });
  await expect(tokenRig({ simulator, home }).get()).rejects.toMatchObject({ code: "PROTOCOL" });
  const request = await simulator.waitForRequest("token:refresh");
  await request.done;
  expect(request.closedBy).toBe("client");
  expect(sent).toBeLessThan(32 * 1024 * 1024); // what fits into socket buffers, not more
});

test.each<[string, () => Reply]>([
  ["no answer at all", () => ({ kind: "hang" })],
  [
    "an answer that never ends",
    () => ({
      kind: "raw",
      body: (async function* () {
        yield Buffer.from("{");
        await deferred<undefined>().promise;
      })(),
    }),
  ],
])("%s is given up after fifteen seconds, and the call does not send again", async (_, reply) => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  writeLogin(home, simulator, expired);
  simulator.next("token:refresh", reply());
  const rig = tokenRig({ simulator, home, clock });
  const call = rig.get();
  call.catch(() => undefined);
  const request = await simulator.waitForRequest("token:refresh");
  await clock.advance(14_999);
  expect(request.closedBy).toBeUndefined();
  await clock.advance(1);
  await expect(clock.until(call)).rejects.toMatchObject({ code: "TIMEOUT" });
  await request.done;
  expect(claimsOf(home)).toMatchObject([{ outcome: "unknown" }]);
  // Whether the token is used is unknown; the next call finds out.
  await clock.until(tokenRig({ simulator, home, clock }).get());
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});
