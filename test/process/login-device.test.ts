import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorBody } from "../simulator/index.ts";
import { holdPort } from "../support/callback.ts";
import { makeHome } from "../support/home.ts";
import { simulate, startServer, type ServerOptions } from "../support/server.ts";

const device = { method: "device" };

/** A server whose device logins are polled every second. */
async function start(options: Partial<ServerOptions> = {}) {
  const simulator = await simulate({ switches: { deviceInterval: "1" } });
  const home = makeHome();
  const server = await startServer({ simulator, home, ...options });
  const log = () => readFileSync(join(home.stateDir, "debug.log"), "utf8");
  return { simulator, home, server, log };
}

for (const entry of ["shipped", "test"] as const) {
  test(`a device code is shown once, polled in the background and signs in (${entry} entry)`, async () => {
    const { simulator, home, server, log } = await start({ entry });
    const told: string[] = [];
    const onprogress = ({ message = "" }) => void told.push(message);
    const begun = await server.call("codex_login", device, { onprogress });
    const code = String(begun.facts["userCode"]);
    expect(code).toMatch(/^SIML-\d+$/);
    const lines = begun.text.split("\n");
    expect(lines).toContain(code);
    // What must be known before the code is entered stands before it.
    const before = begun.text.slice(0, begun.text.indexOf(code));
    expect(before).toContain(`${simulator.issuer}/codex/device`);
    expect(before).toContain("allow device code authorization in ChatGPT's settings");
    expect(begun.text).toContain("Only enter this code if you started this sign-in");
    expect(begun.text).toContain('codex_login with method "browser"');
    expect(told[0]).toContain(code);

    const status = await server.call("codex_status");
    expect(status.text).toContain("for its device code to be entered at");
    const joined = await server.call("codex_login", device);
    expect(joined.text).toContain("is not shown again");
    const later = JSON.stringify([status.raw, joined.raw, (await server.call("codex_status")).raw]);
    expect(later).not.toContain(code);

    simulator.approveDevice(code);
    const waited = await server.call("codex_login", { wait_seconds: 60 });
    expect(waited.text).toContain("Signed in as c***@example.test");
    expect(home.record()).toMatchObject({ accountId: simulator.account.accountId });
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
    for (const place of [log(), server.transport.stderr]) expect(place).not.toContain(code);
    expect(log()).toContain("a device code waits to be entered");
  });
}

test("the code is told again to a call after one that the host's time-out ended", async () => {
  const { server } = await start();
  const cut = server.call("codex_login", { ...device, wait_seconds: 600 }, { timeout: 300 });
  await expect(cut).rejects.toThrow("timed out");
  const { text, facts } = await server.call("codex_login");
  expect(text).toContain(String(facts["userCode"]));
  expect(facts["userCode"]).toMatch(/^SIML-/);
});

test("a device login that is refused in the background is told by status, then by the next call", async () => {
  const { simulator, server } = await start();
  const { facts } = await server.call("codex_login", device);
  simulator.next("devicetoken", {
    kind: "json",
    status: 400,
    body: errorBody({ message: "No.", code: "access_denied" }),
  });
  const poll = await simulator.waitForRequest("devicetoken");
  await poll.done;
  await expect
    .poll(async () => (await server.call("codex_status")).text)
    .toContain("The last sign-in failed. AUTH_DENIED");
  expect((await server.call("codex_login")).code).toBe("AUTH_DENIED");
  const next = await server.call("codex_login", device);
  expect(next.facts["userCode"]).not.toBe(facts["userCode"]);
});

test("a code that nobody enters in time is LOGIN_TIMEOUT, and nothing is polled afterwards", async () => {
  const { simulator, server } = await start({ limits: { deviceLoginTimeoutMs: 1_500 } });
  const { code, text } = await server.call("codex_login", { ...device, wait_seconds: 60 });
  expect(code).toBe("LOGIN_TIMEOUT");
  expect(text).toContain('codex_login with method "device"');
  expect(simulator.requests.filter(({ route }) => route === "devicetoken")).toHaveLength(1);
});

test("where device login is switched off, the browser way is named", async () => {
  const { simulator, server } = await start();
  simulator.next("usercode", { kind: "json", status: 404, body: {} });
  const { code, text } = await server.call("codex_login", device);
  expect(code).toBe("AUTH_DENIED");
  expect(text).toContain("switched off at this server");
  expect(text).toContain('codex_login with method "browser"');
});

test("clear and the end of stdin stop a device login", async () => {
  const { server, home } = await start();
  await server.call("codex_login", device);
  expect((await server.call("codex_clear")).text).toContain("A login that was waiting has been");
  await server.call("codex_login", device);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(home.record()).toBeUndefined();
});

test("the end of stdin while a code is asked for ends the process at once", async () => {
  const { simulator, server } = await start();
  simulator.next("usercode", { kind: "hang" });
  const call = server.call("codex_login", device).catch(() => "gone");
  const request = await simulator.waitForRequest("usercode");
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(await call).toBe("gone");
  await request.done;
  expect(request.closedBy).toBe("client");
});

test("with both ports held, auto gives a device code, and an explicit browser login says who holds them", async () => {
  const ports = [await holdPort("127.0.0.1"), await holdPort("::1")];
  const { simulator, server } = await start({ env: { CODEX_CALLBACK_PORTS: ports.join(",") } });
  const refused = await server.call("codex_login", { method: "browser" });
  expect(refused.code).toBe("LOGIN_PORT_BUSY");
  expect(refused.text).toContain('codex_login with method "device"');

  const { text, facts } = await server.call("codex_login");
  for (const said of [refused.text, text]) {
    expect(said).toContain(`needs port ${ports.join(" or ")} on this machine`);
    if (process.platform === "linux") {
      for (const port of ports) expect(said).toMatch(`${port}: `);
      expect(said.match(new RegExp(`process ${process.pid}\\b`, "g"))).toHaveLength(2);
    }
  }
  expect(text).toContain("A device code is used instead.");
  simulator.approveDevice(String(facts["userCode"]));
  const waited = await server.call("codex_login", { wait_seconds: 60 });
  expect(waited.text).toContain("Signed in as");
});

test("with one port held by a silent program the other is used, and the program is left alone", async () => {
  const held = await holdPort("127.0.0.1");
  const { server } = await start({ env: { CODEX_CALLBACK_PORTS: `${held},0` } });
  const { facts } = await server.call("codex_login");
  const redirect = new URL(String(facts["authorizationUrl"])).searchParams.get("redirect_uri");
  expect(redirect).not.toContain(`:${held}/`);
  await expect(holdPort("127.0.0.1", held)).rejects.toMatchObject({ code: "EADDRINUSE" });
});
