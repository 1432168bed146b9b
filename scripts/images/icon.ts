import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "../../test/browser/rig/playwright.ts";

/** The icon as a picture of 512 by 512 points, for places that take no SVG. */
export async function takeIcon(browser: Browser, folder: string): Promise<void> {
  const svg = await readFile(join(folder, "icon.svg"), "utf8");
  const context = await browser.newContext({ viewport: { width: 512, height: 512 } });
  const page = await context.newPage();
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${svg}`);
  await page.screenshot({ path: join(folder, "icon.png"), omitBackground: true });
  await context.close();
}
