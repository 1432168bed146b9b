import { expect, test } from "vitest";
import type { LoginManager } from "../../../src/auth/sign-in/login-manager.ts";
import { holdPort } from "../../support/callback.ts";
import { emptyLogin, flowRig } from "../../support/login-rig.ts";
import { errorCodes } from "../../../src/shared/errors.ts";
import { act, signIn } from "../../../src/shared/next-step.ts";

const open = new AbortController().signal;
const fiveSeconds = 5_000;

async function rigWith(options: { busy?: boolean; here?: object } = {}) {
  const ports = options.busy === true ? [await holdPort("127.0.0.1"), await holdPort("::1")] : [0];
  const opened: string[] = [];
  const openBrowser = (url: string) => {
    opened.push(url);
    return Promise.resolve();
  };
  const rig = await flowRig({ ports, openBrowser, host: options.here ?? {} });
  return { ...rig, opened, ports };
}

async function browserUrl(login: LoginManager, method?: "auto" | "browser"): Promise<string> {
  const { pending } = await login.beginOrJoin(method);
  if (pending.method !== "browser") throw new Error("no browser login");
  return pending.authorizationUrl;
}

test("on a desktop the browser is opened, and nothing needs a reason", async () => {
  const { login, opened } = await rigWith();
  const attempt = await login.beginOrJoin();
  expect(attempt).toMatchObject({ joined: false, reason: undefined });
  expect(opened).toHaveLength(1);
  await login.cancel("done");
});

test("where no browser can be seen, none is opened and the reason is given", async () => {
  const { login, opened } = await rigWith({ here: { ssh: true } });
  const attempt = await login.beginOrJoin();
  expect(attempt.reason).toEqual({ kind: "no-browser", because: "ssh" });
  expect(attempt.pending.method).toBe("browser");
  expect(await attempt.browserOpened).toBe(false);
  expect(opened).toEqual([]);
  await login.cancel("done");
});

test("with both ports held, auto takes a device code and says who holds them", async () => {
  const { login, ports, simulator, passToPoll } = await rigWith({ busy: true });
  const attempt = await login.beginOrJoin();
  const { pending, reason } = attempt;
  expect(pending.method).toBe("device");
  expect(reason?.kind === "ports-busy" && reason.message).toContain(ports.join(" or "));
  simulator.approveDevice(pending.method === "device" ? pending.userCode : "");
  await passToPoll(fiveSeconds);
  expect(await login.wait(attempt, 0, open)).toEqual({ kind: "signed-in", tokens: emptyLogin });
});

test("with both ports held, an explicit browser login is LOGIN_PORT_BUSY and names the device code", async () => {
  const { login, simulator, ports } = await rigWith({ busy: true });
  await expect(login.beginOrJoin("browser")).rejects.toMatchObject({
    code: "LOGIN_PORT_BUSY",
    message: expect.stringContaining(ports.join(" or ")) as string,
    next: errorCodes.LOGIN_PORT_BUSY.next,
  });
  expect(simulator.requests).toEqual([]);
  expect(login.pending).toBeUndefined();
});

test("when ports are held and the device code fails as well, both are told", async () => {
  const { login, simulator } = await rigWith({ busy: true });
  simulator.next("usercode", { kind: "json", status: 404, body: {} });
  await expect(login.beginOrJoin()).rejects.toMatchObject({
    code: "LOGIN_PORT_BUSY",
    details: { why: expect.stringContaining("switched off") as string },
  });
  expect(login.pending).toBeUndefined();
});

test("the same method, or none, joins the login that waits", async () => {
  const { login } = await rigWith();
  const first = await login.beginOrJoin("device");
  for (const method of ["device", "auto", undefined] as const) {
    const next = await login.beginOrJoin(method);
    expect(next.pending).toBe(first.pending);
    expect(next.joined).toBe(true);
  }
  await login.cancel("done");
});

test("another explicit method replaces the login that waits, and who waited for it is told", async () => {
  const { login } = await rigWith();
  const browser = await login.beginOrJoin();
  const waiting = login.wait(browser, 60_000, open);
  const [device] = await Promise.all([
    login.beginOrJoin("device"),
    expect(waiting).rejects.toMatchObject({ code: "CANCELLED" }),
  ]);
  expect(device.joined).toBe(false);
  expect(login.pending).toBe(device.pending);
  const back = await login.beginOrJoin("browser");
  await expect(device.pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  expect(login.pending).toBe(back.pending);
  await login.cancel("done");
});

test("calls that ask for different methods at once leave one login", async () => {
  const { login, clock } = await rigWith();
  const attempts = await Promise.all([login.beginOrJoin("browser"), login.beginOrJoin("device")]);
  const methods = attempts.map(({ pending }) => pending.method);
  expect(methods).toEqual(["browser", "device"]);
  expect(login.pending).toBe(attempts[1].pending);
  await login.cancel("done");
  expect(clock.pending).toBe(0);
});

test("a success that nobody has heard of is told without a method, and begins anew with any", async () => {
  for (const method of [undefined, "auto", "browser", "device"] as const) {
    const { login, simulator } = await rigWith();
    const { pending } = await login.beginOrJoin();
    await simulator.signIn(await browserUrl(login));
    await pending.completed;
    const next = await login.beginOrJoin(method);
    expect(next.joined).toBe(method === undefined);
    expect(await login.wait(next, 0, open)).toMatchObject({ kind: method === undefined ? "signed-in" : "waiting" });
    await login.cancel("done");
  }
});

test("a failure that nobody has heard of does not keep another method waiting", async () => {
  const { login, simulator } = await rigWith();
  const { pending } = await login.beginOrJoin();
  await simulator.signIn(await browserUrl(login), "deny");
  await pending.completed.catch(() => undefined);
  const next = await login.beginOrJoin("device");
  expect(next.joined).toBe(false);
  expect(login.failure).toBeUndefined();
  await login.cancel("done");
});

test("a cancel stops a login whose code is only being asked for", async () => {
  const { login, simulator } = await rigWith();
  simulator.next("usercode", { kind: "hang" });
  const beginning = login.beginOrJoin("device");
  const refused = expect(beginning).rejects.toMatchObject({ code: "CANCELLED" });
  await simulator.waitForRequest("usercode");
  expect(await login.cancel("Enough.")).toBe(true);
  await refused;
  expect(login.pending).toBeUndefined();
});

test("a device code is told to one answer", async () => {
  const { login } = await rigWith();
  const { pending } = await login.beginOrJoin("device");
  expect(login.revealUserCode(pending)).toMatch(/^SIML-/);
  expect(login.revealUserCode(pending)).toBeUndefined();
  await login.cancel("done");
});

test("what is pasted ends the browser login that waits", async () => {
  const { login, simulator } = await rigWith();
  const location = await simulator.authorize(await browserUrl(login));
  const attempt = await login.finish(location);
  expect(await login.wait(attempt, 60_000, open)).toMatchObject({ kind: "signed-in" });
  expect(simulator.stats.exchanges).toBe(1);
});

test("what is pasted after the callback gets the callback's outcome", async () => {
  const { login, simulator } = await rigWith();
  const { pending } = await login.beginOrJoin();
  const location = await simulator.authorize(await browserUrl(login));
  await fetch(location);
  await pending.completed;
  const attempt = await login.finish(location);
  expect(await login.wait(attempt, 0, open)).toMatchObject({ kind: "signed-in" });
  expect(simulator.stats).toMatchObject({ exchanges: 1, usedCodeAttempts: 0 });
});

test("a paste without a login that waits says to begin one", async () => {
  const { login, clock } = await rigWith();
  const missing = {
    code: "AUTH_REQUIRED",
    next: [signIn, act("Approve at the URL that it gives"), { do: "paste-callback-url" }],
  };
  await expect(login.finish("?code=x&state=y")).rejects.toMatchObject(missing);
  await login.beginOrJoin();
  await clock.advance(10 * 60_000);
  await expect(login.finish("?code=x&state=y")).rejects.toMatchObject(missing);
});

test("a paste while a device code waits is BAD_REQUEST and leaves it waiting", async () => {
  const { login } = await rigWith();
  const { pending } = await login.beginOrJoin("device");
  await expect(login.finish("?code=x&state=y")).rejects.toMatchObject({ code: "BAD_REQUEST" });
  expect(login.pending).toBe(pending);
  await login.cancel("done");
});

test("how a device login ended between two calls is told once", async () => {
  const { login, simulator, passToPoll } = await rigWith();
  const { pending } = await login.beginOrJoin("device");
  simulator.approveDevice(pending.method === "device" ? pending.userCode : "", "deny");
  await passToPoll(fiveSeconds);
  expect(login.failure).toMatchObject({ code: "AUTH_DENIED" });
  const joined = await login.beginOrJoin();
  await expect(login.wait(joined, 0, open)).rejects.toMatchObject({ code: "AUTH_DENIED" });
  expect((await login.beginOrJoin("device")).joined).toBe(false);
  await login.cancel("done");
});
