import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pageTexts } from "../../src/render/callback-page-text.ts";
import { DECISION_HEADER } from "../simulator/authorize.ts";
import { oauthErrorBody, type Simulator } from "../simulator/index.ts";
import { makeHome } from "../support/home.ts";
import { makeOpener } from "../support/opener.ts";
import { simulate, startServer } from "../support/server.ts";
import { accessibilityProblems } from "./rig/axe.ts";
import { chromiumPath, launchChromium } from "./rig/chromium.ts";
import type { Browser } from "./rig/playwright.ts";
import { visitor } from "./rig/visitor.ts";

/** A login of the built program that waits for the browser. */
async function beginLogin() {
  const simulator = await simulate();
  const server = await startServer({ simulator, home: makeHome(), entry: "shipped" });
  const { facts } = await server.call("codex_login", { wait_seconds: 0 });
  return { simulator, server, url: String(facts["authorizationUrl"]) };
}

/** The same, whose opener has done nothing yet with the start page. */
async function beginOpenedLogin() {
  const simulator = await simulate();
  const home = makeHome();
  const opener = makeOpener(home, "hangs");
  const env = { CODEX_NO_BROWSER: "0", DISPLAY: ":0", PATH: opener.path };
  const server = await startServer({ simulator, home, env, entry: "shipped" });
  const { facts } = await server.call("codex_login", { method: "browser", wait_seconds: 0 });
  return { simulator, server, start: opener.calls()[0]?.[0] ?? "", url: String(facts["authorizationUrl"]) };
}

/** What the address bar and the page may hold of the login, beside the query that brought it. */
function expectNoTokens(text: string, simulator: Simulator): void {
  for (const secret of simulator.secrets()) expect(text).not.toContain(secret);
}

describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  test("an approval ends on the page that says so, and a question works", async () => {
    const { simulator, server, url } = await beginLogin();
    const { page, requests, complaints } = await visitor(browser, { locale: "zh-CN" });
    expect((await page.goto(url))?.status()).toBe(200);
    expect(await page.innerText("h1")).toBe(pageTexts.zh.pages["signed-in"].title);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
    // The service's page and where it leads; the redirect itself is the service's answer.
    expect(requests.map((request) => new URL(request).hostname)).toEqual(["127.0.0.1"]);
    expectNoTokens(await page.innerText("body"), simulator);
    expect((await server.call("codex_query", { prompt: "Hello?" })).isError).toBe(false);
    expect(simulator.stats.exchanges).toBe(1);
  });

  test("after the success Reload and Back find nobody, and the login stays", async () => {
    const { simulator, server, url } = await beginLogin();
    const { page } = await visitor(browser);
    await page.goto(url);
    const foot = pageTexts.en.reloadAfterSuccess;
    expect(await page.innerText("main")).toContain(foot);
    await expect(page.reload()).rejects.toThrow("ERR_CONNECTION_REFUSED");
    await expect(page.goto(page.url())).rejects.toThrow("ERR_CONNECTION_REFUSED");
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
    expect(simulator.stats).toMatchObject({ exchanges: 1, usedCodeAttempts: 0 });
  });

  test("a refusal by the person says how to begin again", async () => {
    const { simulator, server, url } = await beginLogin();
    const extraHTTPHeaders = { [DECISION_HEADER]: JSON.stringify("deny") };
    const { page, complaints } = await visitor(browser, { extraHTTPHeaders });
    expect((await page.goto(url))?.status()).toBe(400);
    expect(await page.innerText("h1")).toBe(pageTexts.en.pages.denied.title);
    expect(await page.innerText("main")).toContain("start the sign-in again");
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect((await server.call("codex_status")).facts["signedIn"]).toBe(false);
    expect(simulator.stats.exchanges).toBe(0);
  });

  test.each([
    ["used", 400, pageTexts.en.pages.used.title],
    ["unfinished", 503, pageTexts.en.pages.unfinished.title],
  ])("a code that the server refuses is the page %s", async (_, status, title) => {
    const { simulator, server, url } = await beginLogin();
    const body = oauthErrorBody("invalid_grant", "Invalid code");
    simulator.next("token:exchange", { kind: "json", status, body });
    const { page } = await visitor(browser);
    expect((await page.goto(url))?.status()).toBe(400);
    expect(await page.innerText("h1")).toBe(title);
    expectNoTokens(await page.innerText("body"), simulator);
    expect((await server.call("codex_status")).facts["signedIn"]).toBe(false);
  });

  test("the start page leads to the approval and back, with the cookie of its own browser", async () => {
    const { simulator, server, start } = await beginOpenedLogin();
    const { page, complaints } = await visitor(browser);
    expect((await page.goto(start))?.status()).toBe(200);
    expect(await page.innerText("h1")).toBe(pageTexts.en.pages["signed-in"].title);
    expect(new URL(page.url()).pathname).toBe("/auth/callback");
    // No script may read the cookie.
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(complaints).toEqual([]);
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
    expect(simulator.stats).toMatchObject({ exchanges: 1, usedCodeAttempts: 0 });
  });

  test("opening the start page again in its own browser does no harm", async () => {
    const { simulator, server, start } = await beginOpenedLogin();
    simulator.always("authorize", { kind: "json", status: 200, body: { page: "to approve at" } });
    const { page } = await visitor(browser);
    await page.goto(start);
    await page.goto(start);
    await page.reload();
    expect(new URL(page.url()).origin).toBe(simulator.issuer);
    expect((await server.call("codex_status")).text).toContain("login waits");
  });

  test("a second browser at the start page ends the sign-in, and both are told", async () => {
    const { simulator, server, start } = await beginOpenedLogin();
    const first = await visitor(browser);
    const second = await visitor(browser);
    const approved = first.page.goto(start);
    await simulator.waitForRequest("authorize");
    expect((await second.page.goto(start))?.status()).toBe(409);
    expect((await approved)?.status()).toBe(400);
    for (const { page } of [first, second]) {
      expect(await page.innerText("h1")).toBe(pageTexts.en.pages.twice.title);
      expect(await accessibilityProblems(page)).toEqual([]);
    }
    const { code, text } = await server.call("codex_login");
    expect(code).toBe("AUTH_DENIED");
    expect(text).toContain("Another program opened the page that begins this sign-in.");
    expect(simulator.stats.exchanges).toBe(0);
  });

  test("the answer of the start page's sign-in counts in no other browser, which can open the shown URL", async () => {
    const { simulator, server, start, url } = await beginOpenedLogin();
    const { headers } = await fetch(start, { redirect: "manual" });
    const { page } = await visitor(browser);
    expect((await page.goto(headers.get("location") ?? ""))?.status()).toBe(400);
    expect(await page.innerText("h1")).toBe(pageTexts.en.pages.browser.title);
    expect(simulator.stats.exchanges).toBe(0);
    expect((await page.goto(url))?.status()).toBe(200);
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
  });

  test("a link of an earlier sign-in changes nothing, and the right one still works", async () => {
    const { simulator, server, url } = await beginLogin();
    const stale = new URL(url);
    stale.searchParams.set("state", "s".repeat(43));
    const { page } = await visitor(browser);
    expect((await page.goto(stale.href))?.status()).toBe(400);
    expect(await page.innerText("h1")).toBe(pageTexts.en.pages.state.title);
    expect((await page.goto(url))?.status()).toBe(200);
    expect((await server.call("codex_status")).text).toMatch(/^Signed in as/m);
    expect(simulator.stats.exchanges).toBe(1);
  });
});
