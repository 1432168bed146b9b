import { join } from "node:path";
import { CodexError } from "../../src/shared/errors.ts";
import { StartPage } from "../../src/auth/sign-in/callback/start-page.ts";
import { startCallbackServer } from "../../src/auth/sign-in/callback/server.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { renderCallbackPage } from "../../src/render/callback-page.ts";
import type { Browser, ContextOptions } from "../../test/browser/rig/playwright.ts";

const state = "s".repeat(43);
const refusal = new CodexError("AUTH_DENIED", "The sign-in was refused in the browser.", {
  why: 'The authorization server says "access_denied": The user denied the request.',
});

/** No picture is of it. */
const start = new StartPage({
  random: systemRandom,
  clock: systemClock,
  lifetimeMs: 0,
  authorizationUrl: () => "",
  onSecondOpening: () => undefined,
});

/** Which page, and to whom; the file is named after them. */
const shots: readonly { name: string; error?: CodexError; options: ContextOptions }[] = [
  { name: "signed-in-light", options: { colorScheme: "light", locale: "en-GB" } },
  { name: "signed-in-dark", options: { colorScheme: "dark", locale: "en-GB" } },
  { name: "signed-in-zh", options: { colorScheme: "light", locale: "zh-CN" } },
  { name: "denied-light", error: refusal, options: { colorScheme: "light", locale: "en-GB" } },
];

/** The callback pages as a browser shows them. */
export async function takePages(browser: Browser, folder: string): Promise<void> {
  for (const { name, error, options } of shots) {
    const server = await startCallbackServer({
      ports: [0],
      state,
      issuer: "https://issuer.example",
      renderPage: (outcome, acceptLanguage) => renderCallbackPage(outcome, acceptLanguage, (text) => text),
      holderOf: () => Promise.resolve(undefined),
      start,
      isOtherUser: () => Promise.resolve(false),
      onResponse: () => (error === undefined ? Promise.resolve() : Promise.reject(error)),
    });
    const viewport = { width: 640, height: error === undefined ? 500 : 720 };
    const context = await browser.newContext({ ...options, viewport });
    try {
      const page = await context.newPage();
      const brought = error === undefined ? "code=a" : "error=access_denied";
      await page.goto(`${server.redirectUri}?${brought}&state=${state}`);
      await page.screenshot({ path: join(folder, `${name}.png`) });
    } finally {
      await context.close();
      await server.close();
    }
  }
}
