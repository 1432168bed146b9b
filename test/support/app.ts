import { onTestFinished } from "vitest";
import { createApp, type App } from "../../src/app/app.ts";
import { loadConfig } from "../../src/config/config.ts";
import { defaultLimits, type Limits } from "../../src/shared/limits.ts";
import { systemClock, type Clock } from "../../src/platform/clock.ts";
import { systemRandom } from "../../src/platform/random.ts";
import type { Simulator } from "../simulator/index.ts";
import type { Home } from "./home.ts";

export interface TestAppOptions {
  home: Home;
  /** Without one nothing can be asked. */
  simulator?: Simulator;
  env?: Record<string, string>;
  clock?: Clock;
  limits?: Partial<Limits>;
}

/** The whole program in this process, as run.ts composes it; closed when the test ends. */
export function testApp(options: TestAppOptions): App & { stderr: string[] } {
  const { home, simulator, env, clock = systemClock, limits } = options;
  const stderr: string[] = [];
  const app = createApp({
    config: loadConfig(
      {
        CODEX_ISSUER: simulator?.issuer,
        CODEX_BASE_URL: simulator?.baseUrl,
        CODEX_AUTH_FILE: home.authFile,
        CODEX_STATE_DIR: home.stateDir,
        CODEX_CALLBACK_PORTS: simulator === undefined ? undefined : "0",
        CODEX_NO_BROWSER: "1",
        CODEX_DEBUG: "1",
        ...env,
      },
      home.path,
    ),
    clock,
    random: systemRandom,
    limits: { ...defaultLimits, ...limits },
    pid: process.pid,
    platform: "test 1.0; none",
    home: home.path,
    timeZone: "UTC",
    refreshCommand: undefined,
    writeStderr: (text) => stderr.push(text),
  });
  onTestFinished(() => app.close());
  return { ...app, stderr };
}
