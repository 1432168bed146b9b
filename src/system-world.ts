import type { World } from "./compose/world.ts";
import { loadConfig, systemHome } from "./config.ts";
import type { Limits } from "./core/limits.ts";
import { systemClock } from "./infra/clock.ts";
import { platformName } from "./infra/platform.ts";
import { systemRandom } from "./infra/random.ts";
import { refreshCommand } from "./refresh-command.ts";

/** The world as this process finds it. */
export function systemWorld(limits: Limits): World {
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
