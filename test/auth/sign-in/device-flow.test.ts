import { expect, test } from "vitest";
import type { CodexErrorCode } from "../../../src/shared/errors.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { errorBody, type Reply } from "../../simulator/index.ts";
import { emptyLogin, flowRig, type FlowRig } from "../../support/login-rig.ts";
import { failure } from "../../support/replies.ts";

const open = new AbortController().signal;
const second = 1_000;
const fifteenMinutes = 15 * 60 * second;

const refusal = (status: number, code: string): Reply => ({
  kind: "json",
  status,
  body: errorBody({ message: "No.", code }),
});

/** A device login whose time begins at 0. */
async function begin(rig: FlowRig) {
  const pending = await rig.device.begin(open);
  const start = pending.startedAt;
  return { pending, gaps: () => rig.polls.map((at, n) => at - (rig.polls[n - 1] ?? start)) };
}

test("polls at the server's interval while nobody has entered the code, then signs in", async () => {
  const rig = await flowRig();
  const { simulator, saved, passToPoll } = rig;
  const { pending, gaps } = await begin(rig);
  expect(pending.verificationUrl).toBe(`${simulator.issuer}/codex/device`);
  expect(pending.endsAt - pending.startedAt).toBe(fifteenMinutes);
  for (let poll = 0; poll < 3; poll++) await passToPoll(5 * second);
  simulator.approveDevice(pending.userCode);
  await passToPoll(5 * second);
  expect(await pending.completed).toBe(emptyLogin);
  expect(gaps()).toEqual([5, 5, 5, 5].map((seconds) => seconds * second));
  expect(saved).toHaveLength(1);
  expect(rig.clock.pending).toBe(0);
});

test("exchanges the code with the server's own verifier and redirect", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  rig.simulator.approveDevice(pending.userCode);
  await rig.passToPoll(5 * second);
  await pending.completed;
  const form = rig.simulator.requests.find(({ route }) => route === "token:exchange")?.form;
  expect(Object.fromEntries(form ?? [])).toEqual({
    grant_type: "authorization_code",
    client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
    code: expect.stringMatching(/^ac_/) as string,
    redirect_uri: `${rig.simulator.issuer}/deviceauth/callback`,
    code_verifier: expect.stringMatching(/^[\w-]{43,128}$/) as string,
  });
});

test.each([
  ["404 without a word", { kind: "raw", status: 404, body: "" }],
  ["403 without a word", { kind: "raw", status: 403, body: "" }],
  ["authorization_pending", refusal(400, "authorization_pending")],
] satisfies [string, Reply][])("%s is no end: the next poll comes in time", async (_, reply) => {
  const rig = await flowRig();
  const { gaps } = await begin(rig);
  rig.simulator.next("devicetoken", reply);
  await rig.passToPoll(5 * second);
  await rig.passToPoll(5 * second);
  expect(gaps()).toEqual([5 * second, 5 * second]);
});

test("each slow_down makes all later pauses five seconds longer", async () => {
  const rig = await flowRig();
  const { pending, gaps } = await begin(rig);
  rig.simulator.next("devicetoken", refusal(400, "slow_down"), refusal(429, "slow_down"));
  for (const seconds of [5, 10, 15, 15]) await rig.passToPoll(seconds * second);
  expect(gaps()).toEqual([5, 10, 15, 15].map((seconds) => seconds * second));
  rig.simulator.approveDevice(pending.userCode);
  await rig.passToPoll(15 * second);
  await pending.completed;
});

const troubles: [string, Reply][] = [
  ["a failing server", { kind: "json", status: 500, body: {} }],
  ["a broken connection", { kind: "reset" }],
  ["a limit", { kind: "json", status: 429, body: {} }],
];

test.each(troubles)("%s is asked ever more rarely, and the login goes on", async (_, reply) => {
  const rig = await flowRig();
  const { pending, gaps } = await begin(rig);
  rig.simulator.next("devicetoken", reply, reply, reply, reply, reply);
  const pauses = [5, 10, 20, 40, 60, 60];
  for (const seconds of pauses) await rig.passToPoll(seconds * second);
  await rig.passToPoll(5 * second); // the sixth poll was answered: back to the interval
  expect(gaps()).toEqual([...pauses, 5].map((seconds) => seconds * second));
  rig.simulator.approveDevice(pending.userCode);
  await rig.passToPoll(5 * second);
  await pending.completed;
});

const challenge: Reply = {
  kind: "json",
  status: 403,
  headers: { "cf-mitigated": "challenge" },
  body: {},
};

test.each<[string, Reply]>([
  ["a page of Cloudflare", { kind: "html" }],
  ["a challenge without a page", challenge],
  ["a network's sign-in page", { kind: "html", status: 200, headers: {}, body: "<p>Welcome</p>" }],
])("%s is no answer about the code: two may pass, three in a row are BLOCKED", async (_, reply) => {
  const rig = await flowRig();
  const { pending, gaps } = await begin(rig);
  const notYet: Reply = { kind: "raw", status: 403, body: "" };
  rig.simulator.next("devicetoken", reply, reply, notYet, reply, reply, reply);
  const failed = failure(pending.completed);
  const pauses = [5, 10, 20, 5, 10, 20];
  for (const seconds of pauses) await rig.passToPoll(seconds * second);
  expect(gaps()).toEqual(pauses.map((seconds) => seconds * second));
  expect(await failed).toMatchObject({ code: "BLOCKED" });
  expect(rig.clock.pending).toBe(0);
});

test("a server that never answers a poll is given up after 15 s, and asked again", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  rig.simulator.next("devicetoken", { kind: "hang" });
  await rig.clock.advance(5 * second);
  await rig.simulator.waitForRequest("devicetoken");
  await rig.passToPoll(15 * second);
  rig.simulator.approveDevice(pending.userCode);
  await rig.passToPoll(10 * second);
  await pending.completed;
});

test("Retry-After is kept to where it is longer than the pause would be", async () => {
  const rig = await flowRig();
  const { gaps } = await begin(rig);
  const headers = { "retry-after": "90" };
  rig.simulator.next("devicetoken", { kind: "json", status: 429, headers, body: {} });
  await rig.passToPoll(5 * second);
  await rig.passToPoll(90 * second - 1);
  expect(gaps()).toHaveLength(1);
  await rig.passToPoll(1);
  expect(gaps()).toEqual([5 * second, 90 * second]);
});

const ends: [string, Reply, CodexErrorCode][] = [
  ["expired_token", refusal(400, "expired_token"), "LOGIN_TIMEOUT"],
  ["deviceauth_expired", refusal(403, "deviceauth_expired"), "LOGIN_TIMEOUT"],
  ["access_denied", refusal(403, "access_denied"), "AUTH_DENIED"],
  ["an unknown refusal", refusal(400, "constructor"), "AUTH_DENIED"],
  ["a success without a code", { kind: "json", body: { ok: true } }, "PROTOCOL"],
  ["a success that is no JSON", { kind: "raw", body: "\u0000garbage" }, "PROTOCOL"],
  ["a redirect", { kind: "redirect", status: 307, location: "https://evil.test/" }, "UPSTREAM"],
];

test.each(ends)("%s ends the login for good", async (_, reply, code) => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  rig.simulator.next("devicetoken", reply);
  await rig.passToPoll(5 * second);
  await expect(pending.completed).rejects.toMatchObject({ code });
  await rig.clock.advance(fifteenMinutes);
  expect(rig.polls).toHaveLength(1);
  expect(rig.saved).toEqual([]);
  expect(rig.clock.pending).toBe(0);
});

test("the person's refusal and the server's expiry are told apart", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  rig.simulator.approveDevice(pending.userCode, "deny");
  await rig.passToPoll(5 * second);
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
});

test("after fifteen minutes it is over: no further poll, and the last trouble is told", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  rig.simulator.always("devicetoken", { kind: "json", status: 503, body: {} });
  while (rig.clock.now() < pending.endsAt - 60 * second) await rig.passToPoll(5 * second);
  await rig.passToPoll(pending.endsAt - rig.clock.now());
  await expect(pending.completed).rejects.toMatchObject({
    code: "LOGIN_TIMEOUT",
    details: { why: expect.stringContaining("HTTP 503") as string },
  });
  const before = rig.polls.length;
  await rig.clock.advance(fifteenMinutes);
  expect(rig.polls).toHaveLength(before);
  expect(rig.clock.pending).toBe(0);
});

const inSeconds = (seconds: number, now: number) => new Date(now + seconds * second).toISOString();

test.each<[string, (now: number) => object, number]>([
  ["as a date", (now) => ({ expires_at: inSeconds(300, now) }), 300],
  ["as a date of another zone", (now) => ({ expires_at: inSeconds(300, now).replace("Z", "+00:00") }), 300],
  ["in Unix seconds", (now) => ({ expires_at: now / second + 300 }), 300],
  ["as a lifetime in seconds", () => ({ expires_in: 300 }), 300],
  ["as a lifetime in text", () => ({ expires_in: "300" }), 300],
  ["beyond fifteen minutes", () => ({ expires_in: 3_600 }), 900],
  ["in the past", (now) => ({ expires_at: inSeconds(-300, now) }), 900],
  ["in words", () => ({ expires_at: "soon", expires_in: "later" }), 900],
])(
  "an expiry that the server names %s ends the login then, at the latest after fifteen minutes",
  async (_, expiry, lasts) => {
    const rig = await flowRig();
    const body = { device_auth_id: "deviceauth_1", user_code: "ABCD-12345", interval: "5", ...expiry(rig.clock.now()) };
    rig.simulator.next("usercode", { kind: "json", body, headers: { date: new Date(rig.clock.now()).toUTCString() } });
    rig.simulator.always("devicetoken", { kind: "raw", status: 403, body: "" });
    const { pending } = await begin(rig);
    // A response's date has whole seconds.
    expect(Math.abs(pending.endsAt - pending.startedAt - lasts * second)).toBeLessThan(second);
    pending.cancel("done");
  },
);

test("an expiry is counted by the server's own clock, whatever this machine's says", async () => {
  const rig = await flowRig();
  const server = rig.clock.now() - 3 * 3_600 * second;
  const body = { device_auth_id: "d", user_code: "ABCD-12345", interval: "5", expires_at: inSeconds(300, server) };
  rig.simulator.next("usercode", { kind: "json", body, headers: { date: new Date(server).toUTCString() } });
  const { pending } = await begin(rig);
  expect(Math.abs(pending.endsAt - pending.startedAt - 300 * second)).toBeLessThan(second);
  const over = failure(pending.completed);
  rig.simulator.always("devicetoken", { kind: "raw", status: 403, body: "" });
  while (rig.clock.now() < pending.endsAt - 5 * second) await rig.passToPoll(5 * second);
  await rig.clock.advance(pending.endsAt - rig.clock.now());
  expect((await over).code).toBe("LOGIN_TIMEOUT");
  expect(rig.clock.pending).toBe(0);
});

test("a cancel ends the polling; one during the exchange stores nothing", async () => {
  const rig = await flowRig();
  const first = await begin(rig);
  expect(first.pending.cancel("Enough.")).toBe(true);
  await expect(first.pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  await rig.clock.advance(60 * second);
  expect(rig.polls).toEqual([]);

  const { pending } = await begin(rig);
  rig.simulator.next("token:exchange", { kind: "hang" });
  rig.simulator.approveDevice(pending.userCode);
  await rig.passToPoll(5 * second);
  await rig.simulator.waitForRequest("token:exchange");
  expect(pending.cancel("Enough.")).toBe(true);
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  expect(rig.saved).toEqual([]);
});

test("tokens that come after a cancel are revoked", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  const gate = deferred<undefined>();
  rig.simulator.next("token:exchange", { kind: "default", afterCommit: gate.promise });
  rig.simulator.approveDevice(pending.userCode);
  await rig.passToPoll(5 * second);
  await rig.simulator.waitForRequest("token:exchange");
  expect(pending.cancel("Enough.")).toBe(true);
  gate.resolve(undefined);
  await rig.orphanedTokens.settled();
  const { token } = rig.simulator.requests.find(({ route }) => route === "revoke")?.json as {
    token: string;
  };
  expect(rig.simulator.family(token)?.revoked).toBe(true);
});

test("an exchange that is refused ends the login", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  rig.simulator.next("token:exchange", { kind: "json", status: 400, body: { error: "x" } });
  rig.simulator.approveDevice(pending.userCode);
  await rig.passToPoll(5 * second);
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
  expect(rig.clock.pending).toBe(0);
});

test("neither the code nor anything else of the login stands in the log", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  rig.simulator.next("devicetoken", refusal(400, pending.userCode));
  await rig.passToPoll(5 * second);
  const error = (await pending.completed.catch((thrown: unknown) => thrown)) as Error;
  const shown = `${rig.logged.join("\n")}\n${JSON.stringify(error)}${String(error)}`;
  expect(shown).toContain("device sign-in failed");
  for (const secret of [pending.userCode, ...rig.simulator.secrets()]) {
    expect(shown).not.toContain(secret);
  }
});
