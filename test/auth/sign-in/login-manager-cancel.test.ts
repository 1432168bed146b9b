import { expect, test } from "vitest";
import { expectPortFree } from "../../support/callback.ts";
import { flowRig, type BrowserLogins, type FlowRigOptions } from "../../support/login-rig.ts";

async function loginRig(openBrowser?: FlowRigOptions["openBrowser"]) {
  const rig = await flowRig({ openBrowser });
  return { ...rig, login: rig.login as BrowserLogins };
}

test("an abort ends the call, not the login, for a reason that keeps it", async () => {
  const { login, simulator } = await loginRig();
  const attempt = await login.beginOrJoin();
  const aborter = new AbortController();
  const waiting = login.wait(attempt, 60_000, aborter.signal, (reason) => reason === "later");
  aborter.abort("later");
  await expect(waiting).rejects.toBe("later");
  expect(login.pending).toBe(attempt.pending);
  expect((await simulator.signIn(attempt.pending.authorizationUrl)).status).toBe(200);
  await attempt.pending.completed;
});

test.each([
  ["AbortError: user-cancel", "AbortError: user-cancel"],
  ["AbortError: remote-cancel", "AbortError: remote-cancel"],
  ["what only MCP clients call a timeout", "McpError: MCP error -32001: Request timed out"],
  ["an empty reason", ""],
  ["no reason", undefined],
])("a cancellation because of %s ends call and login", async (_, reason) => {
  const { login } = await loginRig();
  const attempt = await login.beginOrJoin();
  const aborter = new AbortController();
  const waiting = login.wait(attempt, 60_000, aborter.signal);
  aborter.abort(reason);
  await expect(waiting).rejects.toBe(aborter.signal.reason);
  expect(login.pending).toBeUndefined();
  await expect(attempt.pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  await expectPortFree(Number(new URL(attempt.pending.redirectUri).port));
});

test("the cancellation of a call that only joined ends its wait, not the login of an earlier call", async () => {
  const { login, simulator } = await loginRig();
  const first = await login.beginOrJoin();
  const waiting = login.wait(first, 60_000, new AbortController().signal);
  const joined = await login.beginOrJoin();
  const aborter = new AbortController();
  const alsoWaiting = login.wait(joined, 60_000, aborter.signal);
  aborter.abort("AbortError: user-cancel");
  await expect(alsoWaiting).rejects.toBe("AbortError: user-cancel");
  expect(login.pending).toBe(first.pending);
  expect((await simulator.signIn(first.pending.authorizationUrl)).status).toBe(200);
  expect(await waiting).toMatchObject({ kind: "signed-in" });
});

test("the cancellation of the call that began a login ends it for those that joined as well", async () => {
  const { login } = await loginRig();
  const first = await login.beginOrJoin();
  const joined = await login.beginOrJoin();
  const alsoWaiting = login.wait(joined, 60_000, new AbortController().signal);
  const waiting = login.wait(first, 60_000, AbortSignal.abort("AbortError: user-cancel"));
  await expect(waiting).rejects.toBe("AbortError: user-cancel");
  await expect(alsoWaiting).rejects.toMatchObject({ code: "CANCELLED" });
});

test("a call that was cancelled before it could wait ends the login as well", async () => {
  const { login } = await loginRig(() => new Promise(() => undefined));
  const attempt = await login.beginOrJoin();
  const waiting = login.wait(attempt, undefined, AbortSignal.abort("AbortError: user-cancel"));
  await expect(waiting).rejects.toBe("AbortError: user-cancel");
  await expect(attempt.pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
});

test("the next login begins anew while the ended one still says good-bye to the browser", async () => {
  const { login, simulator } = await loginRig();
  simulator.next("token:exchange", { kind: "hang" });
  const old = await login.beginOrJoin();
  const page = simulator.signIn(old.pending.authorizationUrl);
  await simulator.waitForRequest("token:exchange");
  const aborter = new AbortController();
  const waiting = login.wait(old, 60_000, aborter.signal);
  aborter.abort("AbortError: user-cancel");
  await expect(waiting).rejects.toBe("AbortError: user-cancel");
  const next = await login.beginOrJoin();
  expect(next.joined).toBe(false);
  expect(login.pending).toBe(next.pending);
  expect((await page).body).toContain("The sign-in was cancelled.");
  expect(login.pending).toBe(next.pending);
  await login.cancel("done");
});

test("a cancel finds a login whose listener is only being opened", async () => {
  const { login } = await loginRig();
  const beginning = login.beginOrJoin();
  expect(await login.cancel("Enough.")).toBe(true);
  const { pending } = await beginning;
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
});

test("there is nothing to cancel before a login and after it", async () => {
  const { login, simulator } = await loginRig();
  expect(await login.cancel("Enough.")).toBe(false);
  const { pending } = await login.beginOrJoin();
  await simulator.signIn(pending.authorizationUrl);
  await pending.completed;
  expect(await login.cancel("Enough.")).toBe(false);
});
