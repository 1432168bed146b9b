import { expect, test } from "vitest";
import type { BrowserLogin } from "../../../src/auth/sign-in/login-attempt.ts";
import { reasonOf } from "../../support/callback.ts";
import { emptyLogin, flowRig, type FlowRig } from "../../support/login-rig.ts";
import { sendRaw } from "../../support/raw-http.ts";
import { visit } from "../../support/visit.ts";

/** What a browser without cookies gets at the start page. */
function open({ startUrl }: BrowserLogin) {
  const { port, pathname } = new URL(startUrl);
  return sendRaw(Number(port), pathname);
}

/** A login whose start page one browser has opened, and brought the answer back; its page is not there yet. */
async function answeredInBrowser(rig: FlowRig, decision: "approve" | "deny" = "approve") {
  const pending = await rig.flow.begin();
  const opened = await open(pending);
  const [cookie = ""] = /codex-oauth-\d+=[^;]+/.exec(opened.text) ?? [];
  const { host, port, pathname, search } = new URL(
    await rig.simulator.authorize(opened.headers["location"] ?? "", decision),
  );
  const target = `${pathname}${search}`;
  const page = sendRaw(Number(port), target, { headers: [`Host: ${host}`, `Cookie: ${cookie}`] });
  await sendRaw(Number(port), "/"); // answered after the callback was read
  return { pending, page, target, port: Number(port) };
}

test("the start page leads to the authorization page with a state of its own, and its URL names neither", async () => {
  const rig = await flowRig();
  const pending = await rig.flow.begin();
  expect(pending.startUrl).toMatch(/^http:\/\/localhost:\d+\/start\/[\w-]{43}$/);
  const location = new URL((await open(pending)).headers["location"] ?? "");
  const shown = new URL(pending.authorizationUrl);
  const states = [location, shown].map((url) => url.searchParams.get("state") ?? "");
  for (const state of states) expect(pending.startUrl).not.toContain(state);
  expect(new Set(states).size).toBe(2);
  location.searchParams.set("state", states[1] ?? "");
  expect(location.href).toBe(shown.href);
  pending.cancel("done");
});

test("the browser that opened the page signs in, once it alone had it for two seconds", async () => {
  const rig = await flowRig();
  const { pending, page } = await answeredInBrowser(rig);
  await rig.clock.advance(1_999);
  await rig.simulator.authorize(pending.authorizationUrl); // answered after an exchange that was sent before
  expect(rig.simulator.stats.exchanges).toBe(0);
  await rig.clock.advance(1);
  expect((await page).status).toBe(200);
  expect(await pending.completed).toBe(emptyLogin);
  expect(rig.simulator.stats.exchanges).toBe(1);
  expect(rig.clock.pending).toBe(0);
});

test("a second browser that opens the page ends the sign-in before anything is exchanged or saved", async () => {
  const rig = await flowRig();
  const { pending, page } = await answeredInBrowser(rig);
  expect((await open(pending)).status).toBe(409);
  await expect(pending.completed).rejects.toMatchObject({
    code: "AUTH_DENIED",
    message: "Another program opened the page that begins this sign-in.",
  });
  expect(await page).toMatchObject({ status: 400, body: expect.stringContaining("Another program") as string });
  expect(rig.simulator.stats.exchanges).toBe(0);
  expect(rig.saved).toEqual([]);
  expect(rig.clock.pending).toBe(0);
});

test("a second browser ends the sign-in long after the first as well", async () => {
  const rig = await flowRig();
  const pending = await rig.flow.begin();
  await open(pending);
  await rig.clock.advance(60_000);
  await open(pending);
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
});

test("the shown URL signs in without a cookie, whether or not the page was opened", async () => {
  const rig = await flowRig();
  const pending = await rig.flow.begin();
  await open(pending);
  expect((await rig.simulator.signIn(pending.authorizationUrl)).status).toBe(200);
  expect(await pending.completed).toBe(emptyLogin);
  expect(rig.clock.pending).toBe(0);
});

test("a refusal in the browser that opened the page ends the sign-in", async () => {
  const rig = await flowRig();
  const { pending, page, port, target } = await answeredInBrowser(rig, "deny");
  expect(reasonOf((await sendRaw(port, target)).body)).not.toContain("access_denied");
  await rig.clock.advance(2_000);
  expect(reasonOf((await page).body)).toContain("access_denied");
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
});

test("the address that a browser without cookies ended at can be pasted, and waits for the two seconds", async () => {
  const rig = await flowRig();
  const pending = await rig.flow.begin();
  const opened = await open(pending);
  await pending.finish(await rig.simulator.authorize(opened.headers["location"] ?? ""));
  await rig.clock.advance(1_999);
  expect(rig.simulator.stats.exchanges).toBe(0);
  await rig.clock.advance(1);
  expect(await pending.completed).toBe(emptyLogin);
});

test("a cancel while the two seconds pass exchanges nothing", async () => {
  const rig = await flowRig();
  const { pending, page } = await answeredInBrowser(rig);
  expect(pending.cancel("Enough.")).toBe(true);
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  expect((await page).body).toContain("Enough.");
  await rig.clock.advance(2_000);
  expect(rig.simulator.stats.exchanges).toBe(0);
  expect(rig.clock.pending).toBe(0);
});

test("the cookies of two sign-ins in one browser do not displace each other", async () => {
  const rig = await flowRig();
  const [one, two] = [await rig.flow.begin(), await rig.flow.begin()];
  const jar: { host: string; path: string; pair: string }[] = [];
  const pages = [visit(one.startUrl, jar), visit(two.startUrl, jar)];
  await rig.simulator.waitForRequest("authorize", 2);
  await rig.clock.advance(2_000);
  expect((await Promise.all(pages)).map(({ status }) => status)).toEqual([200, 200]);
  expect(await Promise.all([one.completed, two.completed])).toEqual([emptyLogin, emptyLogin]);
});
