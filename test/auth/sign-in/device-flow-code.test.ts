import { expect, test } from "vitest";
import type { CodexErrorCode } from "../../../src/shared/errors.ts";
import type { Reply } from "../../simulator/index.ts";
import { flowRig } from "../../support/login-rig.ts";

const open = new AbortController().signal;

test("asks for a code with the client's name only, as JSON", async () => {
  const { device, simulator } = await flowRig();
  const pending = await device.begin(open);
  const [request] = simulator.requests;
  expect(request).toMatchObject({ method: "POST", path: "/api/accounts/deviceauth/usercode" });
  expect(request?.json).toEqual({ client_id: "app_EMoamEEZ73f0CkXaXp7hrann" });
  pending.cancel("done");
});

const portal: Reply = { kind: "html", status: 200, headers: {}, body: "<p>Welcome to the hotel</p>" };

const refusals: [string, Reply, CodexErrorCode, string][] = [
  ["404", { kind: "json", status: 404, body: {} }, "AUTH_DENIED", "switched off"],
  ["400", { kind: "json", status: 400, body: { error: "no" } }, "AUTH_DENIED", "no device code"],
  ["403", { kind: "json", status: 403, body: {} }, "AUTH_DENIED", "no device code"],
  ["429", { kind: "json", status: 429, body: {} }, "RATE_LIMITED", "slow down"],
  ["500", { kind: "json", status: 500, body: {} }, "UPSTREAM", "500"],
  ["Cloudflare's page", { kind: "html" }, "BLOCKED", "Cloudflare"],
  ["a network's sign-in page", portal, "BLOCKED", "captive portal"],
  ["a reset", { kind: "reset" }, "NETWORK", "connection"],
  ["a redirect", { kind: "redirect", status: 308, location: "https://evil.test/" }, "UPSTREAM", "redirect"],
  ["nonsense", { kind: "raw", body: "<>" }, "PROTOCOL", "form"],
  ["no code", { kind: "json", body: { device_auth_id: "d", interval: "5" } }, "PROTOCOL", "form"],
  [
    "a code that would steer a terminal",
    { kind: "json", body: { device_auth_id: "d", user_code: "AB\u001b[2J-CD", interval: "5" } },
    "PROTOCOL",
    "form",
  ],
];

test.each(refusals)("%s in place of a code is an error with its reason", async (_, reply, code, word) => {
  const { device, simulator, clock } = await flowRig();
  simulator.next("usercode", reply);
  await expect(device.begin(open)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(word) as string,
  });
  expect(clock.pending).toBe(0);
});

test("where device login is switched off, the browser way is named", async () => {
  const { device, simulator } = await flowRig();
  simulator.next("usercode", { kind: "json", status: 404, body: {} });
  await expect(device.begin(open)).rejects.toMatchObject({
    next: [{ do: "sign-in", method: "browser" }],
  });
});

test("a cancel ends the request for the code", async () => {
  const { device, simulator } = await flowRig();
  simulator.next("usercode", { kind: "hang" });
  const aborter = new AbortController();
  const beginning = device.begin(aborter.signal);
  await simulator.waitForRequest("usercode");
  aborter.abort(new Error("enough"));
  await expect(beginning).rejects.toThrow("enough");
});

test.each([
  ["a string", "7", 7_000],
  ["a number", 7, 7_000],
  ["nothing", undefined, 5_000],
  ["zero", "0", 5_000],
  ["a negative number", -3, 5_000],
  ["words", "soon", 5_000],
  ["less than a second", "0.2", 1_000],
  ["more than any timer takes", 1e300, 5_000],
])("an interval that is %s gives a sensible pause", async (_, interval, pauseMs) => {
  const { device, simulator, clock, polls, passToPoll } = await flowRig();
  const body = { device_auth_id: "deviceauth_1", usercode: "ABCD-12345", interval };
  simulator.next("usercode", { kind: "json", body });
  const pending = await device.begin(open);
  expect(pending.userCode).toBe("ABCD-12345");
  simulator.next("devicetoken", { kind: "json", status: 403, body: {} });
  await clock.advance(pauseMs - 1);
  expect(polls).toEqual([]);
  await passToPoll(1);
  expect(polls).toHaveLength(1);
  pending.cancel("done");
});
