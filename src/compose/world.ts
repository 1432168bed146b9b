import type { Config } from "../config.ts";
import type { Limits } from "../core/limits.ts";
import type { Command } from "../infra/child-process.ts";
import type { Clock } from "../infra/clock.ts";
import type { Random } from "../infra/random.ts";

/** Everything that the program takes from the world; tests give their own. */
export interface World {
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
  refreshCommand: Command | undefined;
  writeStderr: (text: string) => void;
  /** Takes the diagnostics in place of the debug log. */
  takeLog?: ((area: string, text: string) => void) | undefined;
}
