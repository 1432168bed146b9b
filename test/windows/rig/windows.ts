import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, inject } from "vitest";
import type { StartChild } from "../../support/child-transport.ts";
import { root } from "../../support/documents.ts";
import { homeIn, type Home } from "../../support/home.ts";
import { shippedEntry } from "../../support/server.ts";
import { winePath } from "./wine.ts";
import { WindowsProcess } from "./windows-process.ts";

/** Tests that need Windows' Node; skipped without Wine. */
export const onWindows = describe.skipIf(winePath === undefined);

/** The path as Windows has it. */
export function toWindows(path: string): string {
  const drive = join(inject("windows").prefix, "drive_c");
  const [letter, rest] = path.startsWith(`${drive}/`) ? ["C:", path.slice(drive.length)] : ["Z:", path];
  return letter + rest.replaceAll("/", "\\");
}

/** A user's profile, with a space and letters of three scripts in its path. */
export function windowsHome(): Home {
  const users = join(inject("windows").prefix, "drive_c/users");
  mkdirSync(users, { recursive: true });
  return homeIn(mkdtempSync(join(users, "Zoë Ünal 東京 ")));
}

/** The launcher of the installed package. */
export const launcher = (): string => join(inject("windows").packageRoot, "bin/codex-oauth.mjs");

/**
 * Starts Windows' Node for a user. The program as shipped is started by its launcher; absolute paths of this system
 * among arguments and settings become those of Windows, and this system's search path is left out.
 */
export function startFor(home: Home): StartChild {
  return (_, args, { env, cwd }) => {
    const here = process.env["PATH"] ?? "";
    const settings = Object.entries(env).filter(([name, value]) => name !== "HOME" && value !== here && value !== "");
    return new WindowsProcess(inject("windows").driverPort, {
      args: args.map((arg) => (arg === shippedEntry ? toWindows(launcher()) : translate(arg))),
      env: {
        USERPROFILE: toWindows(home.path),
        APPDATA: toWindows(join(home.path, "AppData/Roaming")),
        TEMP: toWindows(home.path),
        TMP: toWindows(home.path),
        ...Object.fromEntries(settings.map(([name, value]) => [name, translate(value)])),
      },
      cwd: toWindows(cwd ?? home.path),
    });
  };
}

function translate(text: string): string {
  const ours = [inject("windows").prefix, root].some((folder) => text.startsWith(`${folder}/`));
  return ours ? toWindows(text) : text;
}
