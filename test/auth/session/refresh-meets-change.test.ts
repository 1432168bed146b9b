import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatIdentity } from "../../../src/platform/process-identity.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { fingerprint } from "../../../src/platform/random.ts";
import { type RecordedRequest, refreshErrorBody, type Simulator } from "../../simulator/index.ts";
import { expectNoSecrets } from "../../support/canary.ts";
import { claimsFolder } from "../../support/claims.ts";
import { makeHome, writeLogin, type Home, type LoginOptions } from "../../support/home.ts";
import { claimAt } from "../../support/owners.ts";
import { simulate } from "../../support/server.ts";
import { storeLockOf, tokenRig, type TokenRig } from "../../support/token-rig.ts";

const minute = 60_000;

interface InFlight {
  simulator: Simulator;
  home: Home;
  rig: TokenRig;
  /** The result of the refreshing call. */
  call: ReturnType<TokenRig["get"]>;
  usedToken: string;
  /** Lets the server answer. */
  answer: () => void;
}

/** A refresh in flight: the server has rotated the token, but not answered yet. */
async function refreshInFlight(options: LoginOptions = {}): Promise<InFlight> {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: usedToken } = writeLogin(home, simulator, {
    accessExpiresInMs: -minute,
    ...options,
  });
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const rig = tokenRig({ simulator, home });
  const call = rig.get();
  call.catch(() => undefined);
  await simulator.waitForRequest("token:refresh");
  return {
    simulator,
    home,
    rig,
    call,
    usedToken,
    answer: () => {
      gate.resolve(undefined);
    },
  };
}

function revoked(request: RecordedRequest): unknown {
  return (request.json as { token: string }).token;
}

test("a login cleared in another window stays cleared, and the late token is revoked", async () => {
  const { simulator, home, call, usedToken, answer } = await refreshInFlight();
  const { removed } = await tokenRig({ simulator, home }).tokens.signOut({ localOnly: true });
  expect(removed).toMatchObject({ refreshToken: usedToken });
  answer();
  await expect(call).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
  expect(JSON.parse(home.readAuth())).toEqual({});
  const revocation = await simulator.waitForRequest("revoke");
  expect(revoked(revocation)).toBe(simulator.family(usedToken)?.current);
});

test("a login made meanwhile is the one that counts, and the late token is revoked", async () => {
  const { simulator, home, call, usedToken, answer } = await refreshInFlight();
  const issued = simulator.issueTokens();
  await tokenRig({ simulator, home }).tokens.saveLogin({
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    id_token: issued.idToken,
  });
  answer();
  expect(await call).toMatchObject({ accessToken: issued.accessToken });
  expect(home.record()).toMatchObject({ refreshToken: issued.refreshToken });
  expect(revoked(await simulator.waitForRequest("revoke"))).toBe(simulator.family(usedToken)?.current);
  expect(simulator.family(issued.refreshToken)?.revoked).toBe(false);
});

test("a login for another origin made meanwhile is kept, not used", async () => {
  const { simulator, home, call, answer } = await refreshInFlight();
  writeLogin(home, simulator, {
    extraFields: { generation: 9, issuer: "https://auth.other.test" },
  });
  answer();
  await expect(call).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
  await simulator.waitForRequest("revoke");
});

test("a later token of the same login is adopted, and its family is not revoked", async () => {
  const { simulator, home, call, answer } = await refreshInFlight();
  const other = writeLogin(home, simulator);
  answer();
  expect(await call).toMatchObject({ accessToken: other.accessToken });
  expect(simulator.requests.map(({ route }) => route)).toEqual(["token:refresh"]);
});

test("a file that was damaged meanwhile does not cost the new token", async () => {
  const { simulator, home, call, usedToken, answer } = await refreshInFlight();
  writeFileSync(home.authFile, '{"codex": {"vers');
  answer();
  const { refreshToken } = await call;
  expect(refreshToken).toBe(simulator.family(usedToken)?.current);
  expect(home.record()).toMatchObject({ refreshToken });
});

test("a refused token is given up for what another window stored meanwhile", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -minute });
  simulator.always("token:refresh", () => {
    writeLogin(home, simulator);
    return { kind: "json", status: 401, body: refreshErrorBody("refresh_token_reused") };
  });
  const { refreshToken } = await tokenRig({ simulator, home }).get();
  expect(home.record()).toMatchObject({ refreshToken });
  expect(simulator.requests).toHaveLength(1);
});

test("before a second attempt the file is read again", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { accessExpiresInMs: -minute });
  simulator.always("token:refresh", () => {
    writeFileSync(home.authFile, "{}");
    return { kind: "json", status: 500, body: {} };
  });
  await expect(tokenRig({ simulator, home }).get()).rejects.toMatchObject({
    code: "AUTH_REQUIRED",
  });
  expect(simulator.requests).toHaveLength(1);
});

test("claims that are removed during the request do not keep their owner from the save", async () => {
  const { simulator, home, call, answer } = await refreshInFlight();
  rmSync(claimsFolder(home), { recursive: true });
  answer();
  const { accessToken } = await call;
  expect(await tokenRig({ simulator, home }).get()).toMatchObject({ accessToken });
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  expect(simulator.requests).toHaveLength(1);
});

test("the login file's lock that is removed during the request costs nothing", async () => {
  const { simulator, home, call, usedToken, answer } = await refreshInFlight();
  mkdirSync(storeLockOf(home));
  rmSync(storeLockOf(home), { recursive: true });
  answer();
  const { refreshToken } = await call;
  expect(refreshToken).toBe(simulator.family(usedToken)?.current);
  expect(home.record()).toMatchObject({ refreshToken });
});

test("a claim holds no token, and says what was sent", async () => {
  const { simulator, home, rig, usedToken, answer, call } = await refreshInFlight();
  const path = join(claimsFolder(home), `${fingerprint(usedToken)}.1`);
  const text = readFileSync(path, "utf8");
  expect(text).toHaveLength(1_024);
  expect(claimAt(path)).toMatchObject({
    owner: formatIdentity(rig.self),
    accessToken: fingerprint(String(home.record()?.["accessToken"])),
    attempts: 0,
  });
  expect(claimAt(path)).not.toHaveProperty("outcome");
  expectNoSecrets(text, simulator.secrets(), "the claim");
  answer();
  await call;
  expectNoSecrets(readFileSync(path, "utf8"), simulator.secrets(), "the claim");
});
