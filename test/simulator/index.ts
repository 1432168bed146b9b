/**
 * The simulator: a strict stand-in of auth.openai.com and chatgpt.com on loopback.
 *
 * It refuses what the real services are known to refuse (docs/wire.md), spends each code and each
 * refresh token once, and fails on demand in every way that a network or a service can.
 */
import { answerApi, apiRoute, workspaceRoute } from "./api-server.ts";
import { answerAuth, authRoute } from "./auth-server.ts";
import { CodeStore } from "./codes.ts";
import { TOKEN_LIFETIME_MS } from "./constants.ts";
import { DeviceStore } from "./devices.ts";
import { listen } from "./listener.ts";
import { RequestLog } from "./log.ts";
import { Script } from "./script.ts";
import { serve, type Behaviour } from "./serve.ts";
import { SimulatorControl } from "./control.ts";
import { emptyStats, type SimState } from "./state.ts";
import { DEFAULT_ACCOUNT, defaultSwitches } from "./switches.ts";
import { TokenStore } from "./tokens.ts";
import type { Simulator, SimulatorOptions } from "./types.ts";

const AUTH: Behaviour = { server: "auth", route: authRoute, answer: answerAuth };
const API: Behaviour = { server: "api", route: apiRoute, answer: answerApi };
const WORKSPACE: Behaviour = { server: "workspace", route: workspaceRoute, answer: answerApi };

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? "127.0.0.1";
  const state = createState(options);
  const script = new Script();
  const log = new RequestLog();
  const deps = { state, script, log };

  const auth = await listen(host, (message, exchange) => serve(deps, AUTH, message, exchange));
  const api = await listen(host, (message, exchange) => serve(deps, API, message, exchange));
  const workspace = await listen(host, (message, exchange) => serve(deps, WORKSPACE, message, exchange));
  state.issuer = auth.origin;
  state.workspaceOrigin = workspace.origin;
  return new SimulatorControl({ ...deps, auth, api, workspace });
}

function createState(options: SimulatorOptions): SimState {
  const now = options.now ?? Date.now;
  const secrets = new Set<string>();
  const account = { ...DEFAULT_ACCOUNT, ...options.account };
  return {
    issuer: "",
    workspaceOrigin: "",
    now,
    account,
    switches: { ...defaultSwitches(now(), account.plan), ...options.switches },
    stats: emptyStats(),
    tokens: new TokenStore(now, options.tokenLifetimeMs ?? TOKEN_LIFETIME_MS, secrets),
    codes: new CodeStore(now, secrets),
    devices: new DeviceStore(now, secrets),
    secrets,
    keys: new Set(),
  };
}

export * from "./bodies.ts";
export * from "./events.ts";
export { defaultModels } from "./catalogue.ts";
export { efforts, simModel, type SimModel } from "./models.ts";
export { defaultRateLimitHeaders, weeklyOnlyRateLimitHeaders } from "./usage.ts";
export { encodeEvent } from "./stream.ts";
export type { PlainReply, Reply, Route, StreamEnd, StreamReply } from "./reply.ts";
export type {
  CallbackPage,
  Decision,
  IssuedTokens,
  IssueOptions,
  RecordedRequest,
  SimAccount,
  SimStats,
  SimSwitches,
  Simulator,
  SimulatorOptions,
} from "./types.ts";
