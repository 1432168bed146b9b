import { expect, test } from "vitest";
import type { Simulator } from "../../simulator/index.ts";
import { loginTools, type LoginTools } from "../../support/login-tools.ts";

test("gives the URL in text and in progress, says how to go on, and names the API's host before the issuer's", async () => {
  const { call, progress, simulator } = await loginTools();
  const { text, facts, isError } = await call("codex_login");
  const url = String(facts["authorizationUrl"]);
  expect(isError).toBe(false);
  expect(text.split("\n")).toContain(url);
  const warning =
    `Not OpenAI's own servers: this login and each question go to ${new URL(simulator.baseUrl).host}; ` +
    `the sign-in is at ${new URL(simulator.issuer).host}. `;
  expect(progress).toEqual([`${warning}Open this URL to sign in: ${url}`]);
  expect(text.startsWith(warning)).toBe(true);
  expect(text).toContain("codex_login again");
  expect(text).toContain("until 12:10");
});

test("waits, then says who is signed in, masked, with the plan", async () => {
  const { call, begin, simulator, home } = await loginTools();
  const url = await begin();
  const waiting = call("codex_login", { wait_seconds: 600 });
  await simulator.signIn(url);
  const { text, facts } = await waiting;
  expect(text).toContain("Signed in as c***@example.test (plan plus). codex_query can be used now.");
  expect(text).toContain("Not OpenAI's own server");
  expect(facts).toEqual({ signedIn: true, account: "c***@example.test", plan: "plus" });
  expect(home.record()).toMatchObject({ email: simulator.account.email, plan: "plus" });
});

/** Signs in with what the account is now; the answer of the call that waits. */
async function signInAs({ call, begin, simulator }: LoginTools, account: Partial<Simulator["account"]>) {
  Object.assign(simulator.account, account);
  const url = await begin();
  const waiting = call("codex_login", { wait_seconds: 600 });
  await simulator.signIn(url);
  return waiting;
}

test("says both accounts, masked, when a sign-in takes the place of another account's", async () => {
  const tools = await loginTools();
  const first = await signInAs(tools, { accountId: "acct-one-1111", email: "ann@example.test" });
  expect(first.text).not.toContain("account has changed");
  const again = await signInAs(tools, {});
  expect(again.text).not.toContain("account has changed");
  expect(again.facts["accountChange"]).toBeUndefined();
  const second = await signInAs(tools, { accountId: "acct-two-2222", email: "bob@example.test" });
  expect(second.text).toContain("The account has changed: before: a***@example.test, now: b***@example.test.");
  expect(second.facts["accountChange"]).toEqual({ before: "a***@example.test", now: "b***@example.test" });
  // The same person in another workspace.
  const third = await signInAs(tools, { accountId: "acct-two-3333" });
  expect(third.text).toContain("before: b***@example.test (account …2222), now: b***@example.test (account …3333).");
});

test("shows the waiting login in codex_status until it is over", async () => {
  const { call, begin, simulator } = await loginTools();
  const url = await begin();
  expect((await call("codex_status")).text).toContain(`until 12:10: ${url}`);
  await simulator.signIn(url, "deny");
  expect((await call("codex_status")).text).not.toContain("A login waits");
});

test("a second call joins, with the same URL", async () => {
  const { call, begin } = await loginTools();
  const url = await begin();
  const { text } = await call("codex_login", { wait_seconds: 0 });
  expect(text).toContain(url);
  expect(text).toContain("The login that was already waiting goes on");
});

test("a login that nobody finishes is LOGIN_TIMEOUT for who waits, and the next call is new", async () => {
  const { call, begin, clock } = await loginTools();
  const url = await begin();
  await clock.advance(1_000);
  const waiting = call("codex_login", { wait_seconds: 600 });
  await clock.advance(599_000);
  const { text, code } = await waiting;
  expect(code).toBe("LOGIN_TIMEOUT");
  expect(text).toContain("within ten minutes");
  expect(await begin()).not.toBe(url);
});

test("a refusal is told with its reason and the next step", async () => {
  const { call, begin, simulator } = await loginTools();
  const url = await begin();
  const waiting = call("codex_login", { wait_seconds: 600 });
  await simulator.signIn(url, "deny");
  const { text, code } = await waiting;
  expect(code).toBe("AUTH_DENIED");
  expect(text).toMatch(/^AUTH_DENIED: The sign-in was refused in the browser\.\n.*access_denied/);
  expect(text).toContain(
    "Next: Tell the user; try again only if they ask. They can ask you to call codex_login, then approve",
  );
});

test.each([
  [{ wait_seconds: -1 }, "wait_seconds must be at least 0"],
  [{ wait_seconds: 601 }, "wait_seconds must be at most 600"],
  [{ wait_seconds: "5" }, "wait_seconds must be a number"],
  [{ wait: 5 }, "wait is unknown (accepted: method, callback_url, confirm, wait_seconds)"],
])("refuses %j before anything is opened", async (args, words) => {
  const { call } = await loginTools();
  const { code, text } = await call("codex_login", args);
  expect(code).toBe("BAD_REQUEST");
  expect(text).toContain(words);
  expect((await call("codex_status")).text).not.toContain("A login waits");
});

test("the call after the person has approved says so, and does not ask again", async () => {
  const { call, begin, simulator } = await loginTools();
  await simulator.signIn(await begin());
  const { text } = await call("codex_login");
  expect(text).toContain("Signed in as c***@example.test (plan plus).");
  expect(await begin()).toMatch(/^http/);
});

test("a sign-in that failed between the calls is told by the next call and by the status", async () => {
  const { call, begin, simulator } = await loginTools();
  await simulator.signIn(await begin(), "deny");
  expect((await call("codex_status")).text).toContain(
    "The last sign-in failed. AUTH_DENIED: The sign-in was refused in the browser. " +
      'The authorization server says "access_denied": The user denied the request. Next:',
  );
  expect((await call("codex_login")).code).toBe("AUTH_DENIED");
  expect((await call("codex_status")).text).not.toContain("The last sign-in failed");
});

test.each([
  ["McpError: MCP error -32001: Request timed out", true],
  ["SdkError: Request timed out", true],
  ["request timeout", true],
  ["Time-out of the host", true],
  ["AbortError: user-cancel", false],
])('after a cancellation because of "%s", that the login goes on is %s', async (reason, goesOn) => {
  const { call } = await loginTools();
  await call("codex_login", { wait_seconds: 600 }, AbortSignal.abort(reason));
  const { text } = await call("codex_status");
  expect(text.includes("A login waits")).toBe(goesOn);
});
