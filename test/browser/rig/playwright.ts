import { loadFetched } from "../../support/fetched-package.ts";

/** As much of Playwright as is used here: its package is fetched, and brings no types. */
export interface Browser {
  newContext(options: ContextOptions): Promise<Context>;
  close(): Promise<void>;
}

export interface ContextOptions {
  colorScheme?: "light" | "dark";
  locale?: string;
  viewport?: { width: number; height: number };
  deviceScaleFactor?: number;
  extraHTTPHeaders?: Record<string, string>;
}

export interface Context {
  newPage(): Promise<Page>;
  route(glob: string, handler: (route: Route) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface Route {
  request(): { url(): string };
  continue(changes?: { method?: string }): Promise<void>;
}

export interface Page {
  goto(url: string): Promise<{ status(): number } | null>;
  reload(): Promise<{ status(): number } | null>;
  goBack(): Promise<{ status(): number } | null>;
  url(): string;
  emulateMedia(options: { colorScheme: "light" | "dark" }): Promise<void>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  innerText(selector: string): Promise<string>;
  setContent(html: string): Promise<void>;
  /** An expression, evaluated in the page; a content policy does not hold it back. */
  evaluate(expression: string): Promise<unknown>;
  screenshot(options: ScreenshotOptions): Promise<Uint8Array>;
  on(event: "console", listener: (message: ConsoleMessage) => void): void;
  on(event: "pageerror", listener: (error: Error) => void): void;
}

export interface ScreenshotOptions {
  path: string;
  omitBackground?: boolean;
  clip?: { x: number; y: number; width: number; height: number };
}

export interface ConsoleMessage {
  type(): string;
  text(): string;
}

interface Playwright {
  chromium: {
    launch(options: { executablePath: string; args: string[] }): Promise<Browser>;
  };
}

export function playwright(): Playwright {
  return loadFetched("playwright-core@1.65.1") as Playwright;
}
