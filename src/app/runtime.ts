import { arch, platform, release } from "node:os";
import { loadConfig, type Config } from "../config/config.ts";
import { systemHome } from "../platform/host.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import { systemRandom, type Random } from "../platform/random.ts";
import type { Limits } from "../shared/limits.ts";
import type { CredentialStore } from "../auth/session/program-store.ts";
import { refreshCommand } from "./refresh-command.ts";

import type { SpawnCommand } from "../platform/detached-process.ts";

/** Everything that the program takes from the world; tests give their own. */
export interface Runtime {
  config: Config;
  clock: Clock;
  random: Random;
  limits: Limits;
  pid: number;
  /** "linux 6.1.0; x64" */
  platform: string;
  /** The home folder; empty where nobody knows it. */
  home: string;
  timeZone: string;
  /** What starts the process of a refresh; undefined: refreshes run in this process. */
  refreshCommand: SpawnCommand | undefined;
  /** Keeps the login in place of the login file. */
  credentials?: CredentialStore | undefined;
  writeStderr: (text: string) => void;
  /** Takes the diagnostics in place of the debug log. */
  takeLog?: ((area: string, text: string) => void) | undefined;
}

/** The system as the User-Agent names it: "linux 6.1.0; x64". */
export function platformName(): string {
  return `${platform()} ${release()}; ${arch()}`;
}

/** The world as this process finds it. */
export function systemRuntime(limits: Limits): Runtime {
  // Asking loads the system's calendar data, 12 ms of work: not before a time is shown.
  let timeZone: string | undefined;
  const home = systemHome();
  return {
    config: loadConfig(process.env, home),
    clock: systemClock,
    random: systemRandom,
    limits,
    pid: process.pid,
    platform: platformName(),
    get timeZone() {
      return (timeZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone);
    },
    home,
    refreshCommand: refreshCommand(process),
    writeStderr: (text) => process.stderr.write(text),
  };
}
