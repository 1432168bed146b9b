import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { makeHome, type Home } from "../support/home.ts";
import { makeOpener, type OpenerBehaviour } from "../support/opener.ts";
import { simulate, startServer, type TestServer } from "../support/server.ts";

async function start(
  behaviour: OpenerBehaviour,
  options: { env?: Record<string, string>; entry?: "shipped" | "test" } = {},
) {
  const simulator = await simulate();
  const home = makeHome();
  const opener = makeOpener(home, behaviour);
  const env = { CODEX_NO_BROWSER: "0", DISPLAY: ":0", PATH: opener.path, ...options.env };
  const server = await startServer({ simulator, home, ...options, env });
  return { simulator, home, opener, server };
}

// The machine of the tests may be a container, where only the explicit wish opens a browser.
const wish = { method: "browser" };

/** A call of codex_login, and the URL from its progress: it comes before the call is over. */
function login({ call }: TestServer) {
  const told = deferred<string>();
  const answer = call("codex_login", wish, {
    onprogress: ({ message = "" }) => {
      told.resolve(/ Open this URL to sign in: (\S+)$/.exec(message)?.[1] ?? message);
    },
  });
  return { answer, url: told.promise };
}

for (const entry of ["shipped", "test"] as const) {
  test(`the browser gets the start page as its one argument, and the call waits for the end (${entry} entry)`, async () => {
    const { opener, server, simulator } = await start("follows the URL", { entry });
    const { answer, url: told } = login(server);
    expect((await answer).text).toContain("Signed in as c***@example.test");
    const url = await told;
    const { redirect_uri: redirect = "" } = Object.fromEntries(new URL(url).searchParams);
    const folder = `${new URL(redirect).origin}/start/`;
    expect(opener.calls()).toEqual([[expect.stringMatching(new RegExp(`^${folder}[\\w-]{43}$`))]]);
    expect(url).toContain(`${simulator.issuer}/oauth/authorize?response_type=code&client_id=`);
    expect(simulator.stats.exchanges).toBe(1);
  });
}

/** A project's folder that holds an opener of its own; gives the file that it writes when it runs. */
function hostileProject(home: Home): { project: string; ran: string } {
  const project = join(home.path, "project");
  const ran = join(home.path, "ran");
  for (const folder of [project, join(project, "bin")]) {
    mkdirSync(folder);
    writeFileSync(join(folder, "xdg-open"), `#!/bin/sh\necho "$0" >> '${ran}'\n`, { mode: 0o755 });
  }
  return { project, ran };
}

for (const entry of ["shipped", "test"] as const) {
  test(`a project's opener is not run, wherever the PATH names the project first (${entry} entry)`, async () => {
    const simulator = await simulate();
    const home = makeHome();
    const { project, ran } = hostileProject(home);
    const opener = makeOpener(home, "follows the URL");
    const env = { CODEX_NO_BROWSER: "0", DISPLAY: ":0", PATH: `bin::.:./bin:${opener.path}:bin:` };
    const server = await startServer({ simulator, home, cwd: project, entry, env });
    expect((await server.call("codex_login", wish)).text).toContain("Signed in as c***@example.test");
    expect(existsSync(ran)).toBe(false);
    // The opener is a script as a rule, and starts programs by their names.
    expect(opener.searchPaths()).toEqual([opener.path]);
  });
}

test("where the PATH holds nothing but the project, no browser is opened", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { project, ran } = hostileProject(home);
  const env = { CODEX_NO_BROWSER: "0", DISPLAY: ":0", PATH: "bin:." };
  const server = await startServer({ simulator, home, cwd: project, entry: "shipped", env });
  const { text } = await server.call("codex_login", { ...wish, wait_seconds: 0 });
  expect(text).toContain(`${simulator.issuer}/oauth/authorize`);
  expect(existsSync(ran)).toBe(false);
});

test.each(["fails", "is missing"] as const)(
  "with an opener that %s the URL comes in the text, and the login works by hand",
  async (behaviour) => {
    const { server, simulator } = await start(behaviour);
    const answer = await server.call("codex_login", { ...wish, wait_seconds: 0 });
    expect(answer.isError).toBe(false);
    const url = String(answer.facts["authorizationUrl"]);
    expect(answer.text).toContain(url);
    expect((await simulator.signIn(url)).status).toBe(200);
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
  },
);

test("an opener that hangs does not keep the URL back, and the login works by hand", async () => {
  const { server, simulator } = await start("hangs");
  const { answer, url } = login(server);
  expect((await simulator.signIn(await url)).status).toBe(200);
  expect((await answer).text).toContain("Signed in as");
  expect(await server.stop()).toEqual({ code: 0, signal: null });
});

test("an issuer's path with the signs of a shell reaches no argument and runs nothing", async () => {
  const hostile = "/$(touch${IFS}pwn);touch${IFS}pwn&calc|`touch${IFS}pwn`'--flag";
  const { home, opener, server, simulator } = await start("fails");
  const issuer = `${simulator.issuer}${hostile}`;
  const second = await startServer({
    simulator,
    home,
    env: { CODEX_NO_BROWSER: "0", DISPLAY: ":0", PATH: opener.path, CODEX_ISSUER: issuer },
  });
  const answer = await second.call("codex_login", wish);
  const url = String(answer.facts["authorizationUrl"]);
  expect(opener.calls()).toEqual([[expect.stringMatching(/^http:\/\/localhost:\d+\/start\/[\w-]{43}$/)]]);
  expect(new URL(url).origin).toBe(simulator.issuer);
  expect(decodeURIComponent(new URL(url).pathname)).toBe(`${hostile}/oauth/authorize`);
  for (const folder of [home.path, process.cwd()]) {
    expect(readdirSync(folder)).not.toContain("pwn");
  }
  await server.stop();
});

const ssh = { SSH_CONNECTION: "192.0.2.1 1 192.0.2.2 22", SSH_TTY: "/dev/pts/0" };

test("over ssh nothing is opened: the URL comes at once, with why and the other ways", async () => {
  const { server, opener, simulator } = await start("follows the URL", { env: ssh });
  const { text, facts } = await server.call("codex_login");
  expect(text).toContain("This session came over SSH, so no browser was opened.");
  expect(text).toContain("call codex_login with it as callback_url");
  expect(text).toContain('codex_login with method "device"');
  expect(opener.calls()).toEqual([]);
  expect((await simulator.signIn(String(facts["authorizationUrl"]))).status).toBe(200);
});

test("an explicit wish opens the browser over ssh as well, where there is a display", async () => {
  const { server, opener } = await start("fails", { env: ssh });
  expect((await server.call("codex_login", wish)).isError).toBe(false);
  expect(opener.calls()).toHaveLength(1);
});

test("without a display nothing is opened, whatever was wished", async () => {
  const { server, opener } = await start("fails", { env: { DISPLAY: "" } });
  const { text } = await server.call("codex_login", wish);
  expect(text).toContain("This machine has no display, so no browser was opened.");
  expect(opener.calls()).toEqual([]);
});
