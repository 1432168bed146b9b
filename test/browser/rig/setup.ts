import { axe } from "./axe.ts";
import { chromiumPath } from "./chromium.ts";
import { playwright } from "./playwright.ts";

/** Fetch once for the whole suite what it needs. */
export function setup(): void {
  if (chromiumPath === undefined) {
    process.stderr.write("not run here, without Chromium: the pages in a real browser\n");
    return;
  }
  playwright();
  axe();
}
