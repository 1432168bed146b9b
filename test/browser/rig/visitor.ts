import { onTestFinished } from "vitest";
import type { Browser, ContextOptions, Page } from "./playwright.ts";

/** A person's browser window: what it asked for, and what went wrong in it. */
export interface Visitor {
  page: Page;
  /** Every request, oldest first; where a redirect leads is not told apart. */
  requests: string[];
  /** Errors and warnings of the console, and what scripts threw. */
  complaints: string[];
}

export interface VisitorOptions extends ContextOptions {
  /** Every request is sent with this method. */
  method?: string;
}

/** A window of its own that is closed with the test. */
export async function visitor(browser: Browser, { method, ...options }: VisitorOptions = {}): Promise<Visitor> {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const requests: string[] = [];
  const complaints: string[] = [];
  const page = await context.newPage();
  await context.route("**/*", async (route) => {
    requests.push(route.request().url());
    await route.continue(method === undefined ? {} : { method });
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const text = message.text();
    // The browser's own remark that the page came with an error's status, as it is meant to.
    if (/^Failed to load resource: the server responded with a status of 40\d/.test(text)) return;
    if (["error", "warning"].includes(message.type())) complaints.push(text);
  });
  return { page, requests, complaints };
}
