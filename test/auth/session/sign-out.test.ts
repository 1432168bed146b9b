import { readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CodexError } from "../../../src/shared/errors.ts";
import { deferred } from "../../../src/platform/promises.ts";
import type { SignedOut } from "../../../src/auth/session/sign-out.ts";
import type { Reply } from "../../simulator/index.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { deadProcess, plantClaim } from "../../support/owners.ts";
import { simulate } from "../../support/server.ts";
import { tokenRig } from "../../support/token-rig.ts";
import { renderNext } from "../../../src/render/next-step.ts";

async function signedIn() {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const { refreshToken } = writeLogin(home, simulator);
  const { tokens, store } = tokenRig({ simulator, home, clock });
  const revocations = (): unknown[] =>
    simulator.requests.filter(({ route }) => route === "revoke").map(({ json }) => (json as { token: string }).token);
  return { clock, simulator, home, refreshToken, tokens, store, revocations };
}

test("the login is revoked at the server and removed here", async () => {
  const { simulator, home, refreshToken, tokens, revocations } = await signedIn();
  const done = await tokens.signOut({ localOnly: false });
  expect(done).toMatchObject({ removed: { refreshToken }, revoked: "revoked", why: undefined });
  expect(revocations()).toEqual([refreshToken]);
  expect(simulator.requests[0]?.json).toEqual({
    token: refreshToken,
    token_type_hint: "refresh_token",
    client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
  });
  expect(simulator.family(refreshToken)?.revoked).toBe(true);
  expect(JSON.parse(home.readAuth())).toEqual({});
});

const refusals: [string, Reply, string][] = [
  ["HTTP 500", { kind: "json", status: 500, body: {} }, "The revocation failed"],
  ["HTTP 429", { kind: "json", status: 429, body: {} }, "asks to slow down"],
  ["a redirect", { kind: "redirect", status: 307, location: "https://evil.test/" }, "redirect"],
  ["a reset", { kind: "reset" }, "The connection to"],
];

test.each(refusals)("%s: the login is removed all the same", async (_, reply, why) => {
  const { simulator, home, tokens } = await signedIn();
  simulator.next("revoke", reply);
  const done = await tokens.signOut({ localOnly: false });
  expect(done).toMatchObject({ revoked: "failed" });
  expect(done.why).toContain(why);
  expect(home.record()).toBeUndefined();
});

test("a server that cannot be reached costs nothing", async () => {
  const simulator = await simulate();
  const unreachable = { issuer: "http://127.0.0.1:9", baseUrl: simulator.baseUrl };
  const home = makeHome();
  writeLogin(home, simulator, { extraFields: { issuer: unreachable.issuer } });
  const { tokens } = tokenRig({ simulator: unreachable, home });
  expect(await tokens.signOut({ localOnly: false })).toMatchObject({ revoked: "failed" });
  expect(home.record()).toBeUndefined();
});

test("a server that never answers holds the removal up for five seconds, not longer", async () => {
  const { clock, simulator, home, tokens } = await signedIn();
  simulator.next("revoke", { kind: "hang" });
  const done = tokens.signOut({ localOnly: false });
  await simulator.waitForRequest("revoke");
  await clock.advance(4_999);
  expect(home.record()).toBeDefined();
  await clock.advance(1);
  expect(await done).toMatchObject({
    revoked: "failed",
    why: "The server did not answer in time",
  });
  expect(home.record()).toBeUndefined();
});

test("a cancelled call removes the login at once", async () => {
  const { simulator, home, tokens } = await signedIn();
  simulator.next("revoke", { kind: "hang" });
  const caller = new AbortController();
  const done = tokens.signOut({ localOnly: false, signal: caller.signal });
  await simulator.waitForRequest("revoke");
  caller.abort(new Error("not wanted any more"));
  expect(await done).toMatchObject({ revoked: "failed" });
  expect(home.record()).toBeUndefined();
});

test("the end of the program removes the login at once, though the server never answers", async () => {
  const { clock, simulator, home, tokens } = await signedIn();
  simulator.next("revoke", { kind: "hang" });
  const done = tokens.signOut({ localOnly: false });
  await simulator.waitForRequest("revoke");
  expect(home.record()).toBeDefined();
  await tokens.stop();
  expect(home.record()).toBeUndefined();
  expect(await done).toMatchObject({ revoked: "failed", why: "The program is ending" });
  expect(clock.elapsed()).toBe(0);
  expect(clock.pending).toBe(0);
});

test("a sign-out removes the claims of its login", async () => {
  const { simulator, home, refreshToken, tokens } = await signedIn();
  plantClaim(home, refreshToken, { owner: deadProcess(), outcome: "unknown" });
  await tokens.signOut({ localOnly: false });
  expect(simulator.stats.revocations).toBe(1);
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("local_only sends nothing", async () => {
  const { simulator, home, refreshToken, tokens } = await signedIn();
  const done = await tokens.signOut({ localOnly: true });
  expect(done).toMatchObject({ removed: { refreshToken }, revoked: "skipped" });
  expect(simulator.requests).toEqual([]);
  expect(home.record()).toBeUndefined();
});

test("a login of another issuer is removed, and its token goes to no server", async () => {
  const { simulator, home, tokens } = await signedIn();
  writeLogin(home, simulator, { extraFields: { issuer: "https://auth.other.test" } });
  const done = await tokens.signOut({ localOnly: false });
  expect(done).toMatchObject({ revoked: "skipped" });
  expect(done.why).toContain("https://auth.other.test");
  expect(simulator.requests).toEqual([]);
  expect(home.record()).toBeUndefined();
});

test("if the login cannot be removed, it is not revoked, and the error says so", async () => {
  const { store, home, refreshToken, simulator, tokens } = await signedIn();
  store.rehearse = () => Promise.reject(new CodexError("STORAGE", "No room.", { why: "Full." }));
  const failure = (await tokens.signOut({ localOnly: false }).catch((e: unknown) => e)) as CodexError;
  expect(failure).toMatchObject({ code: "STORAGE", message: "No room." });
  expect(failure.details.why).toBe("Full. The server was not told: the login still works.");
  expect(renderNext(failure, "mcp")).toContain(home.authFile);
  expect(renderNext(failure, "mcp")).toContain("ChatGPT's settings");
  expect(simulator.requests).toEqual([]);
  expect(simulator.family(refreshToken)?.revoked).toBe(false);
});

test("a removal that fails after the revocation says that the login is revoked, and the fix", async () => {
  const { store, home, refreshToken, simulator, tokens } = await signedIn();
  store.update = () => Promise.reject(new CodexError("STORAGE", "No room."));
  const failure = (await tokens.signOut({ localOnly: false }).catch((e: unknown) => e)) as CodexError;
  expect(failure).toMatchObject({ code: "STORAGE", message: "No room." });
  expect(failure.details.why).toContain("revoked at the server already");
  expect(renderNext(failure, "mcp")).toContain(home.authFile);
  expect(simulator.family(refreshToken)?.revoked).toBe(true);
});

/** A sign-out whose revocation is on its way while the file changes. */
async function overtaken(change: (home: Home) => void): Promise<{
  done: SignedOut;
  refreshToken: string;
  revoked: unknown[];
  home: Home;
}> {
  const { simulator, home, refreshToken, tokens, revocations } = await signedIn();
  const gate = deferred<undefined>();
  simulator.next("revoke", { kind: "default", afterCommit: gate.promise });
  const signOut = tokens.signOut({ localOnly: false });
  await simulator.waitForRequest("revoke");
  change(home);
  gate.resolve(undefined);
  const done = await signOut;
  return { done, refreshToken, revoked: revocations(), home };
}

test("a token that a refresh elsewhere stored meanwhile is revoked, too", async () => {
  const { done, refreshToken, revoked, home } = await overtaken((file) => {
    const document = JSON.parse(file.readAuth()) as { codex: object };
    Object.assign(document.codex, { refreshToken: "rt_CANARY_later" });
    writeFileSync(file.authFile, JSON.stringify(document));
  });
  expect(revoked).toEqual([refreshToken, "rt_CANARY_later"]);
  expect(done).toMatchObject({ removed: { refreshToken: "rt_CANARY_later" }, revoked: "revoked" });
  expect(home.record()).toBeUndefined();
});

test("a login that another window removed meanwhile is not revoked again", async () => {
  const { done, refreshToken, revoked } = await overtaken((file) => {
    writeFileSync(file.authFile, "{}");
  });
  expect(revoked).toEqual([refreshToken]);
  expect(done).toMatchObject({ removed: undefined });
});

test("a choice of another way is forgotten, and no server is asked", async () => {
  const { simulator, home, tokens } = await signedIn();
  const choice = { version: 1, mode: "api-key", generation: 7 };
  writeFileSync(home.authFile, JSON.stringify({ other: 1, codex: choice }), { mode: 0o600 });
  expect(await tokens.preferredKind()).toBe("api-key");
  const signal = new AbortController().signal;
  await expect(tokens.getTokens(signal)).rejects.toMatchObject({ code: "AUTH_REQUIRED" });
  expect(await tokens.signOut({ localOnly: false })).toEqual({
    removed: undefined,
    forgotten: "api-key",
    revoked: "skipped",
    why: undefined,
  });
  expect(JSON.parse(home.readAuth())).toEqual({ other: 1 });
  expect(simulator.requests).toEqual([]);
  expect(await tokens.preferredKind()).toBeUndefined();
});

test("choosing another way sets the login aside, and chatgpt takes it up again", async () => {
  const { simulator, home, tokens } = await signedIn();
  expect(await tokens.preferredKind()).toBe("chatgpt");
  const before = home.record();
  for (const kind of ["codex-cli", "api-key"] as const) {
    await tokens.select(kind);
    expect(home.record()).toEqual({ ...before, mode: kind });
    expect(await tokens.preferredKind()).toBe(kind);
  }
  await tokens.select("chatgpt");
  expect(home.record()).toEqual({ ...before, mode: "chatgpt" });
  expect(await tokens.preferredKind()).toBe("chatgpt");
  expect(simulator.requests).toEqual([]);
});

test("without a login a choice has only its own record, with a later generation each time", async () => {
  const { clock, home, tokens } = await signedIn();
  await tokens.signOut({ localOnly: true });
  await tokens.select("codex-cli");
  expect(home.record()).toEqual({ version: 1, mode: "codex-cli", generation: clock.now() });
  await tokens.select("api-key");
  expect(home.record()).toEqual({ version: 1, mode: "api-key", generation: clock.now() + 1 });
  await tokens.select("chatgpt");
  expect(await tokens.preferredKind()).toBe("api-key");
});

test("a refresh of a login that is set aside keeps both", async () => {
  const { simulator, home, refreshToken, tokens } = await signedIn();
  await tokens.select("api-key");
  const { accessToken } = home.record() as { accessToken: string };
  const fresh = await tokens.replaceRejected({ accessToken }, new AbortController().signal);
  expect(simulator.family(refreshToken)?.revoked).toBe(false);
  expect(home.record()).toMatchObject({ mode: "api-key", accessToken: fresh.accessToken });
  expect(fresh.accessToken).not.toBe(accessToken);
});

test("signing out revokes and removes a login that is set aside, and the choice", async () => {
  const { home, refreshToken, tokens, revocations } = await signedIn();
  await tokens.select("api-key");
  const done = await tokens.signOut({ localOnly: false });
  expect(done).toMatchObject({ removed: { refreshToken }, forgotten: "api-key", revoked: "revoked" });
  expect(revocations()).toEqual([refreshToken]);
  expect(home.record()).toBeUndefined();
});

test("a sign-in takes the place of a choice, with a later generation", async () => {
  const { clock, simulator, home, tokens } = await signedIn();
  await tokens.signOut({ localOnly: true });
  await tokens.select("codex-cli");
  const issued = simulator.issueTokens();
  await tokens.saveLogin({
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    id_token: issued.idToken,
  });
  expect(home.record()).toMatchObject({
    mode: "chatgpt",
    refreshToken: issued.refreshToken,
    generation: clock.now() + 1,
  });
});
