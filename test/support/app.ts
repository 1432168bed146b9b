import { onTestFinished } from "vitest";
import { composeCodex } from "../../src/app/compose.ts";
import { createPlatform, type Platform } from "../../src/app/platform.ts";
import type { Runtime } from "../../src/app/runtime.ts";
import { loadConfig } from "../../src/config/config.ts";
import { defaultLimits, type Limits } from "../../src/shared/limits.ts";
import { systemClock, type Clock } from "../../src/platform/clock.ts";
import { systemRandom } from "../../src/platform/random.ts";
import type { Simulator } from "../simulator/index.ts";
import { FakeKeyring } from "./fake-keyring.ts";
import type { Home } from "./home.ts";

export interface TestRuntimeOptions {
  home: Pick<Home, "path" | "authFile" | "stateDir">;
  /** Without one, every request fails. */
  simulator?: Pick<Simulator, "issuer" | "baseUrl"> | undefined;
  env?: Record<string, string> | undefined;
  clock?: Clock | undefined;
  limits?: Partial<Limits> | undefined;
  takeLog?: Runtime["takeLog"];
  /** Default: one that is empty, and of this program alone. */
  keyring?: Runtime["keyring"];
  /** Keeps the login in place of the home's file. */
  credentials?: Runtime["credentials"];
}

/** The runtime of a process with the test's own home, which reaches only the simulator. */
export function testRuntime(options: TestRuntimeOptions): Runtime {
  const { home, simulator, env, clock = systemClock, limits, takeLog, credentials } = options;
  const { keyring = new FakeKeyring() } = options;
  return {
    config: loadConfig(
      {
        CODEX_ISSUER: simulator?.issuer,
        CODEX_BASE_URL: simulator?.baseUrl,
        CODEX_AUTH_FILE: home.authFile,
        CODEX_STATE_DIR: credentials === undefined ? home.stateDir : undefined,
        CODEX_CALLBACK_PORTS: simulator === undefined ? undefined : "0",
        CODEX_NO_BROWSER: "1",
        ...env,
      },
      home.path,
      credentials === undefined,
    ),
    clock,
    random: systemRandom,
    limits: { ...defaultLimits, ...limits },
    pid: process.pid,
    platform: "test 1.0; none",
    home: home.path,
    timeZone: "UTC",
    refreshCommand: undefined,
    keyring,
    credentials,
    writeStderr: () => undefined,
    takeLog,
  };
}

export interface TestAppOptions extends TestRuntimeOptions {
  home: Home;
  simulator?: Simulator | undefined;
}

/** The infrastructure of one process; closed when the test ends. */
export function testPlatform(options: TestRuntimeOptions): Platform {
  const platform = createPlatform(testRuntime(options));
  onTestFinished(() => platform.http.close());
  return platform;
}

/** The verbs of the whole program, and the parts behind them. */
export interface TestApp extends ReturnType<typeof composeCodex> {
  stderr: string[];
}

/** Composes the program as the product does; closed when the test ends. */
export function testApp(options: TestAppOptions): TestApp {
  const stderr: string[] = [];
  const base = testRuntime({ ...options, env: { CODEX_DEBUG: "1", ...options.env } });
  const runtime = { ...base, writeStderr: (text: string) => void stderr.push(text) };
  const composed = composeCodex(runtime);
  onTestFinished(() => composed.codex.close());
  return { ...composed, stderr };
}
