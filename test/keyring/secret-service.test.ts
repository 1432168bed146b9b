import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { expectNoSecrets } from "../support/canary.ts";
import { runCli, startCli } from "../support/cli.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { simulate, startServer } from "../support/server.ts";
import type { Simulator } from "../simulator/index.ts";
import { silentBus, startSession } from "./rig/session.ts";

async function scene(options: { accessExpiresInMs?: number } = {}) {
  const [simulator, session] = await Promise.all([simulate(), startSession()]);
  const home = makeHome();
  const login = writeLogin(home, simulator, options);
  const cli = (...args: string[]) => runCli({ simulator, home, args, env: session.env });
  const serve = (env: Record<string, string> = {}) =>
    startServer({ simulator, home, env: { ...session.env, ...env }, entry: "shipped" });
  return { simulator, session, home, login, cli, serve };
}

function expectEncrypted(home: Home, simulator: Simulator): void {
  expect(home.record()).toMatchObject({ version: 2 });
  expectNoSecrets(home.readAuth(), simulator.secrets(), "the login file");
}

test("login --keyring encrypts the login in its place; its key is in the Secret Service and not in the kernel's keyring", async () => {
  const { simulator, session, home, cli } = await scene();
  const encrypted = await cli("login", "--keyring");
  expect(encrypted).toEqual({
    code: 0,
    stdout: "The login of c***@example.test is encrypted with a key in the system's keyring.\n",
    stderr: "",
  });
  expectEncrypted(home, simulator);
  const { text, secrets } = session.entries();
  expect(secrets).toHaveLength(1);
  expect(Buffer.from(secrets[0] ?? "", "base64")).toHaveLength(32);
  expect(text).toContain(`label = keyring:${String(home.record()?.["key"])}@codex-oauth`);
  expect(readFileSync("/proc/keys", "utf8")).not.toContain("codex");
  expect(home.readAuth()).not.toContain(secrets[0]);
  const status = await cli("status");
  expect(status.stdout).toContain(`${home.authFile}, encrypted with a key in the system's keyring`);
  expect((await cli("doctor")).stdout).toContain("The login is encrypted with a key in the system's keyring.");
});

test("login --no-keyring brings it back, and servers that run see both changes", async () => {
  const { simulator, home, login, cli, serve } = await scene();
  const server = await serve();
  const asked = async () => {
    expect((await server.call("codex_query", { prompt: "Now?" })).isError).toBe(false);
  };
  await asked();
  expect((await cli("login", "--keyring")).code).toBe(0);
  await asked();
  expectEncrypted(home, simulator);
  expect((await cli("login", "--no-keyring")).stdout).toContain("is stored unencrypted");
  expect(home.record()).toMatchObject({ version: 1, refreshToken: login.refreshToken });
  await asked();
});

test("an expired login is refreshed by the refresh process, which reads the keyring itself, and stays encrypted", async () => {
  const { simulator, session, home, login, cli, serve } = await scene({ accessExpiresInMs: -1 });
  expect((await cli("login", "--keyring")).code).toBe(0);
  const before = home.record()?.["sealed"];
  const server = await serve();
  expect((await server.call("codex_query", { prompt: "Now?" })).isError).toBe(false);
  expectEncrypted(home, simulator);
  expect(home.record()?.["sealed"]).not.toBe(before);
  expect(session.entries().secrets).toHaveLength(1);
  expect(home.readAuth()).not.toContain(login.refreshToken);
});

test("with CODEX_ENCRYPT=keyring a new sign-in is stored encrypted", async () => {
  const { simulator, home, cli, serve } = await scene();
  await cli("logout", "--yes");
  const server = await serve({ CODEX_ENCRYPT: "keyring" });
  const { facts } = await server.call("codex_login");
  expect((await simulator.signIn(String(facts["authorizationUrl"]))).status).toBe(200);
  expect((await server.call("codex_status")).text).toMatch(/^Signed in as [^]*encrypted with a key/m);
  expectEncrypted(home, simulator);
});

test("a locked keyring that nobody can unlock is CONFIG, and nothing is lost", async () => {
  const { simulator, session, home, cli, serve } = await scene({ accessExpiresInMs: -1 });
  await cli("login", "--keyring");
  const before = home.readAuth();
  session.lock();
  const server = await serve();
  const answer = await server.call("codex_query", { prompt: "Now?" });
  expect(answer.code).toBe("CONFIG");
  expect(answer.text).toMatch(/keyring/);
  expect(home.readAuth()).toBe(before);
  expect(simulator.requests.filter(({ path }) => path.includes("token"))).toEqual([]);
});

test("a reset keyring means signing in again; the file stays until then, and is set aside", async () => {
  const { simulator, session, home, cli, serve } = await scene();
  await cli("login", "--keyring");
  const before = home.readAuth();
  session.clear();
  const server = await serve();
  expect((await server.call("codex_query", { prompt: "Now?" })).code).toBe("AUTH_REQUIRED");
  expect(home.readAuth()).toBe(before);
  const { facts } = await server.call("codex_login");
  await simulator.signIn(String(facts["authorizationUrl"]));
  expect((await server.call("codex_query", { prompt: "Now?" })).isError).toBe(false);
  expectEncrypted(home, simulator);
  expect(readdirSync(home.path).filter((name) => name.includes(".damaged-"))).toHaveLength(1);
});

test("without a session's bus an encrypted login is CONFIG, and comes back with it", async () => {
  const { simulator, home, cli } = await scene();
  await cli("login", "--keyring");
  const outside = await runCli({
    simulator,
    home,
    args: ["query", "Now?"],
    env: { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent" },
  });
  expect(outside.code).not.toBe(0);
  expect(outside.stderr).toMatch(/CONFIG: The system's keyring cannot be used/);
  expect((await cli("query", "Now?")).code).toBe(0);
});

test("a bus that never answers is CONFIG after ten seconds, and nothing is lost", async () => {
  const { simulator, home, cli } = await scene();
  await cli("login", "--keyring");
  const before = home.readAuth();
  const bus = await silentBus();
  const started = performance.now();
  const run = await runCli({ simulator, home, args: ["query", "Now?"], env: bus.env });
  const seconds = (performance.now() - started) / 1_000;
  expect(run.code).not.toBe(0);
  expect(run.stderr).toContain("CONFIG: The system's keyring did not answer within 10 seconds.");
  expect(seconds).toBeGreaterThan(9);
  expect(seconds).toBeLessThan(15);
  await bus.left;
  expect(home.readAuth()).toBe(before);
  expect((await cli("query", "Now?")).code).toBe(0);
});

test("what waits for the keyring ends with the program that wanted it, however that ends", async () => {
  const { simulator, home, cli } = await scene();
  await cli("login", "--keyring");
  const bus = await silentBus();
  const run = startCli({ simulator, home, args: ["query", "Now?"], env: bus.env });
  await bus.asked;
  run.kill("SIGKILL");
  await bus.left;
});
