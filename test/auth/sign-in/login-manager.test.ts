import { expect, test, vi } from "vitest";
import { defaultLimits } from "../../../src/shared/limits.ts";
import { emptyLogin, flowRig, type BrowserLogins, type FlowRigOptions } from "../../support/login-rig.ts";

const never = new Promise<void>(() => undefined);
const opens = () => Promise.resolve();
const fails = () => Promise.reject(new Error("no browser"));

async function loginRig(openBrowser: FlowRigOptions["openBrowser"]) {
  let stored = true;
  const rig = await flowRig({ openBrowser, isStored: () => Promise.resolve(stored) });
  const signOut = () => (stored = false);
  return { ...rig, login: rig.login as BrowserLogins, signOut };
}

const open = new AbortController().signal;

test("opens the browser once, with the start page", async () => {
  const opened: string[] = [];
  const { login } = await loginRig((url) => {
    opened.push(url);
    return Promise.resolve();
  });
  const { pending } = await login.beginOrJoin();
  await login.beginOrJoin();
  expect(opened).toEqual([pending.startUrl]);
  await login.cancel("done");
});

test.each([
  ["a browser opened", opens, 45_000, true],
  ["the opener still runs after a second, as a browser does", () => never, 45_000, true],
  ["the opener failed", fails, 0, false],
  ["no browser may be opened", undefined, 0, false],
])("when %s, it waits long enough for a person or not at all", async (_, opener, waitMs, opened) => {
  const { login, clock } = await loginRig(opener);
  const attempt = await login.beginOrJoin();
  let outcome: unknown;
  const waiting = login.wait(attempt, undefined, open).then((wait) => (outcome = wait));
  if (waitMs > 0) await clock.advance(waitMs - 1);
  expect(outcome).toBeUndefined();
  await clock.advance(1_001); // at most a second goes to finding out about the browser
  await waiting;
  expect(outcome).toEqual({ kind: "waiting", browserOpened: opened });
  expect(login.pending).toBe(attempt.pending);
  await login.cancel("done");
});

test("an explicit wait is kept to, browser or not", async () => {
  const { login, clock } = await loginRig(undefined);
  const attempt = await login.beginOrJoin();
  const waiting = login.wait(attempt, 5_000, open);
  let over = false;
  void waiting.then(() => (over = true));
  await clock.advance(4_999);
  expect(over).toBe(false);
  await clock.advance(1);
  expect(await waiting).toEqual({ kind: "waiting", browserOpened: false });
  await login.cancel("done");
});

test.each([
  ["works", opens],
  ["hangs", () => never],
  ["fails", fails],
])("an opener that %s does not touch a sign-in by hand", async (_, opener) => {
  const { login, simulator } = await loginRig(opener);
  const attempt = await login.beginOrJoin();
  const waiting = login.wait(attempt, 60_000, open);
  expect((await simulator.signIn(attempt.pending.authorizationUrl)).status).toBe(200);
  // The clock stands still: nobody waited for the opener.
  expect(await waiting).toEqual({ kind: "signed-in", tokens: emptyLogin });
  expect(login.pending).toBeUndefined();
});

test("calls that overlap share one login and all learn how it ended", async () => {
  const { login, simulator } = await loginRig(undefined);
  const [first, second] = await Promise.all([login.beginOrJoin(), login.beginOrJoin()]);
  const attempts = [first, second, await login.beginOrJoin()];
  expect(new Set(attempts.map(({ pending }) => pending.authorizationUrl)).size).toBe(1);
  expect(attempts.map(({ joined }) => joined)).toEqual([false, true, true]);
  const waits = attempts.map((attempt) => login.wait(attempt, 60_000, open));
  await simulator.signIn(first.pending.authorizationUrl);
  for (const wait of waits) expect(await wait).toMatchObject({ kind: "signed-in" });
  expect(simulator.stats.exchanges).toBe(1);
});

test("a login that was decided before anybody waited is told, even without a wait", async () => {
  const { login, simulator } = await loginRig(undefined);
  const attempt = await login.beginOrJoin();
  await simulator.signIn(attempt.pending.authorizationUrl);
  await attempt.pending.completed;
  expect(await login.wait(attempt, 0, open)).toMatchObject({ kind: "signed-in" });
});

test("a waiting call gets the refusal, and the next call begins anew", async () => {
  const { login, simulator } = await loginRig(undefined);
  const attempt = await login.beginOrJoin();
  const waiting = login.wait(attempt, 60_000, open);
  await Promise.all([
    expect(waiting).rejects.toMatchObject({ code: "AUTH_DENIED" }),
    simulator.signIn(attempt.pending.authorizationUrl, "deny"),
  ]);
  const next = await login.beginOrJoin();
  expect(next.joined).toBe(false);
  expect(next.pending.authorizationUrl).not.toBe(attempt.pending.authorizationUrl);
  await login.cancel("done");
});

test("a busy port leaves nothing pending, and the next call tries again", async () => {
  const { login, flow } = await loginRig(undefined);
  const begin = vi.spyOn(flow, "begin").mockRejectedValueOnce(new Error("busy"));
  await expect(Promise.all([login.beginOrJoin(), login.beginOrJoin()])).rejects.toThrow("busy");
  expect(login.pending).toBeUndefined();
  expect((await login.beginOrJoin()).joined).toBe(false);
  expect(begin).toHaveBeenCalledTimes(2);
  await login.cancel("done");
});

test("a login that ended between two calls is told once, and the call after that begins anew", async () => {
  const { login, simulator } = await loginRig(undefined);
  const attempt = await login.beginOrJoin();
  await simulator.signIn(attempt.pending.authorizationUrl);
  await attempt.pending.completed;
  expect(login.pending).toBeUndefined();
  const joined = await login.beginOrJoin();
  expect(joined.pending).toBe(attempt.pending);
  expect(await login.wait(joined, 0, open)).toEqual({ kind: "signed-in", tokens: emptyLogin });
  const next = await login.beginOrJoin();
  expect(next.pending).not.toBe(attempt.pending);
  await login.cancel("done");
});

test("a login that failed between two calls is told once, with its reason", async () => {
  const { login, simulator } = await loginRig(undefined);
  const attempt = await login.beginOrJoin();
  await simulator.signIn(attempt.pending.authorizationUrl, "deny");
  await attempt.pending.completed.catch(() => undefined);
  expect(login.failure).toMatchObject({ code: "AUTH_DENIED" });
  const joined = await login.beginOrJoin();
  await expect(login.wait(joined, 0, open)).rejects.toMatchObject({ code: "AUTH_DENIED" });
  expect(login.failure).toBeUndefined();
  expect((await login.beginOrJoin()).pending).not.toBe(attempt.pending);
  await login.cancel("done");
});

test.each([
  ["whose account has signed out since", "approve", "sign out"],
  ["that is older than a login may take", "deny", "wait"],
  ["that nobody finished in time", undefined, undefined],
] as const)("an unheard end %s keeps nobody from signing in", async (_, answer, then) => {
  const { login, simulator, clock, signOut } = await loginRig(undefined);
  const { pending } = await login.beginOrJoin();
  if (answer === undefined) await clock.advance(defaultLimits.loginTimeoutMs);
  else await simulator.signIn(pending.authorizationUrl, answer);
  await pending.completed.catch(() => undefined);
  if (then === "sign out") signOut();
  if (then === "wait") await clock.advance(defaultLimits.loginTimeoutMs + 1);
  const next = await login.beginOrJoin();
  expect(next.pending).not.toBe(pending);
  expect(next.joined).toBe(false);
  await login.cancel("done");
});

test("an unheard end is not a login that could be stopped", async () => {
  const { login, simulator } = await loginRig(undefined);
  const { pending } = await login.beginOrJoin();
  await simulator.signIn(pending.authorizationUrl, "deny");
  await pending.completed.catch(() => undefined);
  expect(await login.cancel("done")).toBe(false);
  expect(login.failure).toBeUndefined();
});
