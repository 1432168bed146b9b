import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { deferred } from "../../../src/platform/promises.ts";
import { writeLogin } from "../../support/home.ts";
import { expectPortFree } from "../../support/callback.ts";
import { loginTools } from "../../support/login-tools.ts";

function portOf(authorizationUrl: string): number {
  const redirectUri = new URL(authorizationUrl).searchParams.get("redirect_uri") ?? "";
  return Number(new URL(redirectUri).port);
}

test("says whose login it was and leaves valid JSON without a token", async () => {
  const { call, simulator, home } = await loginTools();
  const tokens = writeLogin(home, simulator);
  const { text, facts } = await call("codex_clear");
  expect(text).toMatch(/^Signed out: the login of c\*\*\*@example\.test was removed/);
  expect(text).toContain("from this machine and revoked at the server.");
  expect(facts).toEqual({ cleared: true, account: "c***@example.test", revoked: "revoked" });
  expect(JSON.parse(home.readAuth())).toEqual({});
  for (const token of [tokens.accessToken, tokens.refreshToken, tokens.idToken]) {
    expect(home.readAuth()).not.toContain(token);
  }
  expect((await call("codex_status")).text).toMatch(/^Not signed in/m);
});

test("local_only removes the login and sends nothing", async () => {
  const { call, simulator, home } = await loginTools();
  writeLogin(home, simulator);
  const { text, facts } = await call("codex_clear", { local_only: true });
  expect(text).toContain("from this machine and not revoked at the server (as asked).");
  expect(facts).toMatchObject({ cleared: true, revoked: "skipped" });
  expect(simulator.requests).toEqual([]);
  expect(home.record()).toBeUndefined();
});

test("says that the server could not be told, and what to do", async () => {
  const { call, simulator, home } = await loginTools();
  writeLogin(home, simulator);
  simulator.next("revoke", { kind: "json", status: 500, body: {} });
  const { text, facts } = await call("codex_clear");
  expect(text).toContain(
    "could not be revoked at the server (The revocation failed): it is removed here; " +
      "end sessions in ChatGPT's settings if in doubt.",
  );
  expect(facts).toMatchObject({ cleared: true, revoked: "failed" });
});

test("sends nothing where certificates are not checked", async () => {
  const { another, simulator, home } = await loginTools();
  writeLogin(home, simulator, { extraFields: { issuer: "https://auth.openai.com" } });
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0", CODEX_ISSUER: "", CODEX_BASE_URL: "" };
  const { text } = await another({ env }).call("codex_clear");
  expect(text).toContain("not revoked at the server (NODE_TLS_REJECT_UNAUTHORIZED cannot be used)");
  expect(home.record()).toBeUndefined();
});

test("forgets the choice of another way", async () => {
  const { call, simulator, home } = await loginTools();
  const codex = { version: 1, mode: "codex-cli", generation: 1 };
  writeFileSync(home.authFile, JSON.stringify({ codex }), { mode: 0o600 });
  const { text, facts } = await call("codex_clear");
  expect(text).toBe("Forgotten: the choice to use the Codex CLI's login here. Nothing else was changed.");
  expect(facts).toEqual({ cleared: false, forgotten: "codex-cli" });
  expect(home.record()).toBeUndefined();
  expect(simulator.requests).toEqual([]);
});

test("leaves the entries of others as they are", async () => {
  const { call, simulator, home } = await loginTools();
  const others = { openai: { type: "api", key: "k" }, "": null, list: [1, 2, { deep: true }] };
  writeLogin(home, simulator, { others });
  await call("codex_clear");
  expect(JSON.parse(home.readAuth())).toEqual(others);
});

test("nothing to clear is no error, changes nothing and leaves nothing behind", async () => {
  const { call, home } = await loginTools();
  const { text, isError, facts } = await call("codex_clear");
  expect(isError).toBe(false);
  expect(text).toBe("Nothing to clear: nobody is signed in here.");
  expect(facts).toEqual({ cleared: false });
  expect(existsSync(home.authFile)).toBe(false);
  expect(readdirSync(home.path).filter((name) => name !== "state")).toEqual([]);
});

test("clearing twice is no error either", async () => {
  const { call, simulator, home } = await loginTools();
  writeLogin(home, simulator);
  await call("codex_clear");
  expect((await call("codex_clear")).text).toMatch(/^Nothing to clear/);
  expect(JSON.parse(home.readAuth())).toEqual({});
});

test("stops a login that waits: its port is free and its callback comes too late", async () => {
  const { call, begin, simulator, home } = await loginTools();
  const url = await begin();
  const late = await simulator.authorize(url);
  const waiting = call("codex_login", { wait_seconds: 600 });
  const { text } = await call("codex_clear");
  expect(text).toBe("Nothing to clear: nobody is signed in here. A login that was waiting has been stopped.");
  expect((await waiting).code).toBe("CANCELLED");
  await expectPortFree(portOf(url));
  await expect(fetch(late)).rejects.toThrow();
  expect(existsSync(home.authFile)).toBe(false);
  expect(simulator.stats.exchanges).toBe(0);
});

test("removes the stored login and stops the waiting one", async () => {
  const { call, begin, simulator, home } = await loginTools();
  writeLogin(home, simulator);
  await begin();
  const { text } = await call("codex_clear");
  expect(text).toMatch(/^Signed out: .* A login that was waiting has been stopped\./);
  expect(home.record()).toBeUndefined();
});

test("a login whose code is being exchanged is stopped, and nothing is stored afterwards", async () => {
  const { call, begin, simulator, home } = await loginTools();
  const answer = deferred<undefined>();
  simulator.next("token:exchange", { kind: "default", afterCommit: answer.promise });
  const page = simulator.signIn(await begin());
  await simulator.waitForRequest("token:exchange");
  expect((await call("codex_clear")).text).toContain("has been stopped");
  answer.resolve(undefined);
  expect((await page).body).toContain("The login was cleared.");
  expect(existsSync(home.authFile)).toBe(false);
});

test("a login that is saved at the same moment is gone after the clear", async () => {
  const { call, begin, simulator, home } = await loginTools();
  // In whatever order both reach the file: after both, no login is left.
  for (let round = 0; round < 10; round++) {
    const page = simulator.signIn(await begin());
    await (
      await simulator.waitForRequest("token:exchange", round + 1)
    ).done;
    await call("codex_clear");
    await page.catch(() => undefined);
    expect(home.record(), `round ${round}`).toBeUndefined();
  }
});
