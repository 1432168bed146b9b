import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { runCli, startCli } from "../support/cli.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { startInTerminal } from "../support/pty.ts";
import { gate } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

async function start() {
  return { simulator: await simulate(), home: makeHome() };
}

const url = (text: string): string => /^https?:\/\/\S+$/m.exec(text)?.[0] ?? "";
const shownUrl = /authorize\?\S+\s/;

/** Whether anybody listens where the browser would come back to. */
function listens(authorizationUrl: string): Promise<boolean> {
  const redirect = new URL(new URL(authorizationUrl).searchParams.get("redirect_uri") ?? "");
  return new Promise((resolve) => {
    const socket = connect(Number(redirect.port), "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}

describe("login without a terminal", () => {
  test("it gives the URL on stderr, waits for the browser, and says who it is on stdout", async () => {
    const { simulator, home } = await start();
    const run = startCli({ simulator, home, args: ["login"], input: null });
    await run.seen("stderr", shownUrl);
    expect(run.stderr()).not.toContain("paste");
    await simulator.signIn(url(run.stderr()));
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toMatch(/Signed in as c\*\*\*@example\.test .*codex-oauth query can be/);
    expect(home.record()).toMatchObject({ email: simulator.account.email });
  });

  test("it says both accounts when another one was signed in before", async () => {
    const { simulator, home } = await start();
    writeLogin(home, simulator);
    Object.assign(simulator.account, { accountId: "acct-other", email: "other@example.test" });
    const run = startCli({ simulator, home, args: ["login"], input: null });
    await run.seen("stderr", shownUrl);
    await simulator.signIn(url(run.stderr()));
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toMatch(/The account has changed: before: .*, now: o\*\*\*@example\.test\./);
  });

  test("a refusal in the browser is told, and ends with 1", async () => {
    const { simulator, home } = await start();
    const run = startCli({ simulator, home, args: ["login", "--no-browser"] });
    await run.seen("stderr", shownUrl);
    await simulator.signIn(url(run.stderr()), "deny");
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toMatch(/AUTH_DENIED: [^]*Next: Run codex-oauth login, then approve/);
  });

  test("an interrupt frees the port and ends with 130", async () => {
    const { simulator, home } = await start();
    const run = startCli({ simulator, home, args: ["login"] });
    await run.seen("stderr", shownUrl);
    expect(await listens(url(run.stderr()))).toBe(true);
    run.kill("SIGINT");
    expect(await run.ended).toEqual({ code: 130, signal: null });
    expect(await listens(url(run.stderr()))).toBe(false);
    expect(home.record()).toBeUndefined();
  });

  test("--device shows the code with its warning, and ends once it is entered", async () => {
    const { simulator, home } = await start();
    simulator.switches.deviceInterval = "1";
    const run = startCli({ simulator, home, args: ["login", "--device"] });
    await run.seen("stderr", "give it to nobody");
    const [code = ""] = /^[A-Z0-9]{4,}-[A-Z0-9]{4,}$/m.exec(run.stderr()) ?? [];
    simulator.approveDevice(code);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toContain("Signed in as c***@example.test");
  });
});

describe("login --keyring and --no-keyring", () => {
  test.each([
    [["--keyring", "--no-keyring"], "--keyring and --no-keyring exclude each other"],
    [["--api-key", "--yes", "--keyring"], "--api-key stores no login that --keyring could concern"],
    [["--codex-cli", "--yes", "--no-keyring"], "--codex-cli stores no login that --no-keyring could concern"],
  ])("%j is a wrong command line", async (options, message) => {
    const { simulator, home } = await start();
    const { code, stderr } = await runCli({ simulator, home, args: ["login", ...options] });
    expect(code).toBe(2);
    expect(stderr).toContain(`login: ${message}.`);
  });

  test("an option that says the opposite of CODEX_ENCRYPT is CONFIG, and changes nothing", async () => {
    const { simulator, home } = await start();
    writeLogin(home, simulator);
    const before = home.readAuth();
    const env = { CODEX_ENCRYPT: "keyring" };
    const { stderr } = await runCli({ simulator, home, args: ["login", "--no-keyring"], env });
    expect(stderr).toMatch(/^CONFIG: CODEX_ENCRYPT cannot be used: it says keyring, and the command says otherwise\./);
    expect(home.readAuth()).toBe(before);
  });

  test("--no-keyring leaves an unencrypted login as it is, without a new sign-in", async () => {
    const { simulator, home } = await start();
    writeLogin(home, simulator);
    const before = home.readAuth();
    const { code, stdout } = await runCli({ simulator, home, args: ["login", "--no-keyring"] });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "The login of c***@example.test is stored unencrypted.\n" });
    expect(home.readAuth()).toBe(before);
  });

  test("where nobody is signed in, and with a method, it is a sign-in", async () => {
    const { simulator, home } = await start();
    for (const options of [[], ["--no-browser"]]) {
      const run = startCli({ simulator, home, args: ["login", "--no-keyring", ...options] });
      await run.seen("stderr", shownUrl);
      await simulator.signIn(url(run.stderr()));
      expect(await run.ended).toEqual({ code: 0, signal: null });
      expect(home.record()).toMatchObject({ version: 1 });
    }
  });
});

describe("login on a terminal", () => {
  test("the pasted address ends it, is not shown, and needs no callback", async () => {
    const { simulator, home } = await start();
    const run = startInTerminal({ simulator, home, args: ["login"], columns: 400 });
    await run.shows("paste the address");
    const callback = await simulator.authorize(url(run.screen().replaceAll("\r", "")));
    run.type("http://localhost:1455/auth/callback?error_is_missing\r");
    await run.shows("the sign-in goes on waiting");
    expect(run.screen()).not.toContain("error_is_missing");
    run.type(`${callback}\r`);
    expect(await run.ended).toBe(0);
    expect(run.screen()).toContain("Signed in as c***@example.test");
    expect(simulator.stats.exchanges).toBe(1);
  });

  test("a wrong code alone does not end it: the question comes again, and the right code counts", async () => {
    const { simulator, home } = await start();
    const run = startInTerminal({ simulator, home, args: ["login"], columns: 400 });
    await run.shows("paste the address");
    const callback = await simulator.authorize(url(run.screen().replaceAll("\r", "")));
    run.type("ac_nobodys_code_of_all\r");
    await run.shows("The authorization server refused the code that was pasted.");
    run.type(`${new URL(callback).searchParams.get("code") ?? ""}\r`);
    expect(await run.ended).toBe(0);
    expect(run.screen()).toContain("Signed in as c***@example.test");
  });

  test("the callback ends it while nothing was pasted, and the terminal is as before", async () => {
    const { simulator, home } = await start();
    const redirect = "; stty -a | grep -o -- '-\\?icanon'";
    const run = startInTerminal({ simulator, home, args: ["login"], columns: 400, redirect });
    await run.shows("paste the address");
    await simulator.signIn(url(run.screen().replaceAll("\r", "")));
    expect(await run.ended).toBe(0);
    expect(run.screen()).toMatch(/Signed in as [^]*\nicanon/);
  });

  test("a window that is closed amid the exchange leaves no login at the server", async () => {
    const { simulator, home } = await start();
    const answered = gate();
    simulator.next("token:exchange", { kind: "default", afterCommit: answered.promise });
    const run = startInTerminal({ simulator, home, args: ["login"], columns: 400 });
    await run.shows("paste the address");
    const page = url(run.screen().replaceAll("\r", ""));
    const returned = simulator.signIn(page);
    returned.catch(() => undefined); // nobody is left to show the page
    await simulator.waitForRequest("token:exchange");
    run.hangUp();
    while (await listens(page)); // until the program has noticed
    answered.resolve(undefined);
    await simulator.waitForRequest("revoke");
    expect(simulator.stats.revocations).toBe(1);
    expect(home.record()).toBeUndefined();
  });

  test("an address that was broken over two lines is put together", async () => {
    const { simulator, home } = await start();
    const run = startInTerminal({ simulator, home, args: ["login"], columns: 400 });
    await run.shows("paste the address");
    const callback = await simulator.authorize(url(run.screen().replaceAll("\r", "")));
    const middle = callback.length - 20; // within the state
    run.type(`${callback.slice(0, middle)}\r${callback.slice(middle)}\r`);
    expect(await run.ended).toBe(0);
    expect(simulator.stats.exchanges).toBe(1);
  });

  test("Ctrl-D ends neither the sign-in nor the silence about what is pasted, and says so", async () => {
    const { simulator, home } = await start();
    const run = startInTerminal({ simulator, home, args: ["login"], columns: 400 });
    await run.shows("paste the address");
    const page = url(run.screen().replaceAll("\r", ""));
    run.type("\u0004");
    await run.shows("goes on waiting for the browser");
    const callback = await simulator.authorize(page);
    run.type(`${callback}\r`);
    expect(await run.ended).toBe(0);
    expect(run.screen()).not.toContain(new URL(callback).searchParams.get("code"));
    expect(run.screen()).toContain("Signed in as c***@example.test");
  });

  test("Ctrl-C at the question ends it with 130", async () => {
    const { simulator, home } = await start();
    const run = startInTerminal({ simulator, home, args: ["login"], columns: 400 });
    await run.shows("paste the address");
    run.type("\u0003");
    expect(await run.ended).toBe(130);
  });
});

describe("logout", () => {
  test("without a terminal it wants --yes, and then revokes and removes", async () => {
    const { simulator, home } = await start();
    writeLogin(home, simulator);
    const refused = await runCli({ simulator, home, args: ["logout"] });
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("add --yes");
    expect(home.record()).toBeDefined();
    const done = await runCli({ simulator, home, args: ["logout", "--yes"] });
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(done.stdout).toContain("Signed out: the login of c***@example.test");
    expect(home.record()).toBeUndefined();
    expect(simulator.stats.revocations).toBe(1);
  });

  test("--local-only tells the server nothing", async () => {
    const { simulator, home } = await start();
    writeLogin(home, simulator);
    await runCli({ simulator, home, args: ["logout", "-y", "--local-only"] });
    expect(home.record()).toBeUndefined();
    expect(simulator.requests).toEqual([]);
  });

  test.each([
    ["y", 0],
    ["n", 1],
    ["", 1],
  ])("on a terminal it asks, and the answer %j ends it with %i", async (answer, code) => {
    const { simulator, home } = await start();
    writeLogin(home, simulator);
    const run = startInTerminal({ simulator, home, args: ["logout"] });
    await run.shows("Sign out c***@example.test? [y/N]");
    run.type(`${answer}\r`);
    expect(await run.ended).toBe(code);
    expect(home.record() === undefined).toBe(code === 0);
  });

  test("where nobody is signed in there is nothing to ask", async () => {
    const { simulator, home } = await start();
    const run = startInTerminal({ simulator, home, args: ["logout"] });
    expect(await run.ended).toBe(0);
    expect(run.screen()).toContain("Nothing to clear");
  });
});

test("a key in the wrong place is not printed", async () => {
  const { simulator, home } = await start();
  const wrong = [["--api-key=sk-CANARY-key"], ["--api-key", "sk-CANARY-key"], ["--key=sk-CANARY"]];
  for (const args of wrong) {
    const { code, stdout, stderr } = await runCli({ simulator, home, args: ["login", ...args] });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).not.toContain("CANARY");
  }
});
