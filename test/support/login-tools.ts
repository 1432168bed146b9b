import { callTool } from "../../src/mcp/call-tool.ts";
import { codexClear } from "../../src/mcp/tools/codex-clear.ts";
import { codexLogin } from "../../src/mcp/tools/codex-login.ts";
import { codexStatus } from "../../src/mcp/tools/codex-status.ts";
import type { Simulator } from "../simulator/index.ts";
import { testApp, type TestAppOptions } from "./app.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";
import { makeHome, type Home } from "./home.ts";
import { simulate, toAnswer, type Answer } from "./server.ts";

const tools = { codex_login: codexLogin, codex_clear: codexClear, codex_status: codexStatus };

/** One server in this process, with a clock that only the test moves, and its progress messages. */
export interface Window {
  call: (name: keyof typeof tools, args?: Record<string, unknown>, signal?: AbortSignal) => Promise<Answer>;
  /** Begins a login; resolves with its URL. */
  begin: () => Promise<string>;
  progress: string[];
}

export interface LoginTools extends Window {
  clock: FakeClock;
  simulator: Simulator;
  home: Home;
  /** Another server with the same home. */
  another: (options?: Partial<TestAppOptions>) => Window;
}

export async function loginTools(): Promise<LoginTools> {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  const another = (options: Partial<TestAppOptions> = {}): Window => openWindow({ clock, simulator, home, ...options });
  return { ...another(), clock, simulator, home, another };
}

function openWindow(options: TestAppOptions): Window {
  const { codex } = testApp(options);
  const progress: string[] = [];
  const call: Window["call"] = async (name, args = {}, signal = new AbortController().signal) => {
    const sendProgress = (_: number, message: string) => void progress.push(message);
    return toAnswer(await callTool(tools[name], args, codex, { signal, sendProgress }));
  };
  const begin = async () => String((await call("codex_login")).facts["authorizationUrl"]);
  return { call, begin, progress };
}
