import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { playwright, type Browser } from "./playwright.ts";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The browser of this machine: `CHROMIUM_PATH`, or the first on the search path. */
export const chromiumPath = process.env["CHROMIUM_PATH"] || onSearchPath();

/** Somebody else's name that leads to this machine, as in DNS rebinding. */
export const rebound = "rebound.test";

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("there is no Chromium here");
  const args = [
    `--host-resolver-rules=MAP ${rebound} 127.0.0.1`,
    "--font-render-hinting=none",
    // Its sandbox refuses to run as root, as containers do.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  return playwright().chromium.launch({ executablePath: chromiumPath, args });
}

function onSearchPath(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((program) => {
      try {
        accessSync(program, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
