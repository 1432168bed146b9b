import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CodexError } from "../../src/shared/errors.ts";
import { pageTexts, type PageKind } from "../../src/render/callback-page-text.ts";
import type { Language } from "../../src/render/language.ts";
import { callbackState, goodCallback, listenForCallback } from "../support/callback.ts";
import { sendRaw } from "../support/raw-http.ts";
import { accessibilityProblems } from "./rig/axe.ts";
import { chromiumPath, launchChromium, rebound } from "./rig/chromium.ts";
import type { Browser } from "./rig/playwright.ts";
import { visitor } from "./rig/visitor.ts";
import { act } from "../../src/shared/next-step.ts";

const languages = Object.keys(pageTexts) as Language[];
const path = "/auth/callback";
const locales = { en: "en-GB", zh: "zh-CN" } satisfies Record<Language, string>;
const widths = [320, 1280];
const grounds = [
  ["light", "rgb(238, 241, 245)"],
  ["dark", "rgb(15, 17, 21)"],
] as const;

/** How a browser comes to each page. */
interface Way {
  kind: PageKind;
  status: number;
  /** START is the start page's path, STATE its state. */
  target: string;
  openedBefore?: boolean;
  user?: "another";
  /** What the sign-in fails with. */
  error?: CodexError;
  host?: string;
  method?: string;
}

const long = "/home/somebody/a-folder-with-a-name-that-has-no-space-and-never-ends/".repeat(3);
const failed = (kind: PageKind, error: CodexError, target = goodCallback): Way => ({
  kind,
  status: 400,
  target,
  error,
});
const refused = `${path}?error=access_denied&state=${callbackState}`;
const ways: Way[] = [
  { kind: "signed-in", status: 200, target: goodCallback },
  failed("denied", new CodexError("AUTH_DENIED", "No.", { why: "It says <no>." }), refused),
  failed("used", new CodexError("AUTH_DENIED", "Refused.", { why: '"invalid_grant"' })),
  failed("expired", new CodexError("LOGIN_TIMEOUT", "Nobody finished the sign-in in time.")),
  failed("ended", new CodexError("CANCELLED", "The sign-in was cancelled.")),
  failed("unsaved", new CodexError("STORAGE", "The file is read-only.", { why: long, next: [act(long)] })),
  failed("unfinished", new CodexError("UPSTREAM", "It failed.", { why: "HTTP 503." })),
  { kind: "state", status: 400, target: goodCallback.replace(callbackState, "other") },
  { kind: "issuer", status: 400, target: `${goodCallback}&iss=https://issuer.example` },
  { kind: "code", status: 400, target: `${path}?state=${callbackState}` },
  { kind: "path", status: 404, target: "/" },
  { kind: "host", status: 403, target: goodCallback, host: rebound },
  { kind: "method", status: 405, target: goodCallback, method: "POST" },
  { kind: "browser", status: 400, target: `${path}?code=ac_1&state=STATE` },
  { kind: "user", status: 403, target: "START", user: "another" },
  { kind: "twice", status: 409, target: "START", openedBefore: true },
];

function endOf({ error }: Way): Promise<void> {
  return error === undefined ? Promise.resolve() : Promise.reject(error);
}

describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  test("every page is visited", () => {
    expect(ways.map(({ kind }) => kind)).toEqual(Object.keys(pageTexts.en.pages));
  });

  const pages = languages.flatMap((language) => ways.map((way) => ({ ...way, way, language })));

  test.each(pages)(
    "the page $kind in $language is sound in light and dark, narrow and wide",
    async ({ way, language }) => {
      const { kind, status, host = "localhost", method, user, openedBefore } = way;
      const { port, start } = await listenForCallback({
        decide: () => endOf(way),
        isOtherUser: () => Promise.resolve(user !== undefined),
      });
      if (openedBefore === true) await sendRaw(port, start.path);
      const target = way.target.replace("START", start.path).replace("STATE", start.state);
      const options = { locale: locales[language], ...(method === undefined ? {} : { method }) };
      const { page, requests, complaints } = await visitor(browser, options);
      const url = `http://${host}:${port}${target}`;
      expect((await page.goto(url))?.status()).toBe(status);
      const { tag, pages } = pageTexts[language];
      expect(await page.innerText("h1")).toBe(pages[kind].title);
      expect(await page.evaluate("document.documentElement.lang")).toBe(tag);
      expect(await page.innerText("main")).toContain(pages[kind].next.at(-1));
      for (const [colorScheme, ground] of grounds) {
        await page.emulateMedia({ colorScheme });
        expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(ground);
        for (const width of widths) {
          await page.setViewportSize({ width, height: 800 });
          expect(await accessibilityProblems(page)).toEqual([]);
          expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
        }
      }
      expect(requests).toEqual([url]);
      expect(complaints).toEqual([]);
    },
  );

  test.each(ways.slice(0, 7))("Back and Reload show the page $kind again, and the code is used once", async (way) => {
    const { kind, target } = way;
    const { port, responses } = await listenForCallback({ decide: () => endOf(way) });
    const { page, complaints } = await visitor(browser);
    await page.goto(`http://localhost:${port}${target}`);
    const shown = await page.innerText("main");
    await page.reload();
    expect(await page.innerText("main")).toBe(shown);
    await page.goto("about:blank");
    await page.goBack();
    expect(await page.innerText("main")).toBe(shown);
    expect(shown).toContain(pageTexts.en.pages[kind].title);
    expect(responses).toHaveLength(1);
    expect(complaints).toEqual([]);
  });
});
