// `npm run docs:images`: the pictures of docs/images, made anew by the program itself; with `-- --claude` also the one of
// the real Claude Code.
import { join } from "node:path";
import { launchChromium } from "../../test/browser/rig/chromium.ts";
import { takeClaude } from "../capture/claude.ts";
import { takeIcon } from "./icon.ts";
import { takePages } from "./pages.ts";
import { takeQuery } from "./query.ts";

const folder = join(__dirname, "../../docs/images");

async function main(): Promise<void> {
  await takeQuery(folder);
  if (process.argv.includes("--claude")) await takeClaude(folder, join(__dirname, "../.."));
  const browser = await launchChromium();
  try {
    await takeIcon(browser, folder);
    await takePages(browser, folder);
  } finally {
    await browser.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
