import { arch, platform, release } from "node:os";
import type { CredentialStore } from "../auth/session/program-store.ts";
import { loadConfig, type Config } from "../config/config.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import type { SpawnCommand } from "../platform/detached-process.ts";
import { systemHome } from "../platform/host.ts";
import { locateKeyring, SystemKeyring, type Keyring } from "../platform/keyring.ts";
import { systemRandom, type Random } from "../platform/random.ts";
import type { Limits } from "../shared/limits.ts";
import { refreshCommand } from "./refresh-command.ts";

/** Everything that the program takes from its process and machine; tests pass their own. */
export interface Runtime {
  config: Config;
  clock: Clock;
  random: Random;
  limits: Limits;
  pid: number;
  /** The system as the User-Agent names it: "linux 6.1.0; x64" */
  platform: string;
  /** The home folder; empty if unknown. */
  home: string;
  /** IANA name; times are shown in it. */
  timeZone: string;
  /** Starts the refresh process; undefined: refreshes run in this process. */
  refreshCommand: SpawnCommand | undefined;
  /** Has the key of an encrypted login. */
  keyring: Keyring;
  /** Keeps the login in place of the login file. */
  credentials?: CredentialStore | undefined;
  /** False: the library's user has not asked for a browser. Default true. */
  mayOpenBrowser?: boolean | undefined;
  writeStderr: (text: string) => void;
  /** Receives the diagnostics in place of the debug log. */
  takeLog?: ((area: string, text: string) => void) | undefined;
}

/** A bundle has the first name; it may lie outside the package (bin/build-once.mjs). */
const ownFile = typeof __filename === "undefined" ? import.meta.filename : __filename;

/** The runtime of this process. Change it by assignment: a spread would compute the time zone. */
export function systemRuntime(limits: Limits, config = loadConfig(process.env, systemHome())): Runtime {
  // Loads the system's calendar data, 12 ms of work: not before a time is shown.
  let timeZone: string | undefined;
  return {
    config,
    clock: systemClock,
    random: systemRandom,
    limits,
    pid: process.pid,
    platform: `${platform()} ${release()}; ${arch()}`,
    get timeZone() {
      return (timeZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone);
    },
    home: systemHome(),
    refreshCommand: refreshCommand(process),
    keyring: new SystemKeyring({
      clock: systemClock,
      env: process.env,
      execPath: process.execPath,
      locate: () => locateKeyring([ownFile, process.argv[1]]),
    }),
    writeStderr: (text) => process.stderr.write(text),
  };
}
