import { devicePollPath } from "../../src/api/constants.ts";
import { createSession } from "../../src/app/session.ts";
import { createSignIn } from "../../src/app/sign-in.ts";
import type { LoginEnvironment } from "../../src/auth/sign-in/login-plan.ts";
import type { TokenSet } from "../../src/auth/oauth/token-set.ts";
import type { DeviceFlow } from "../../src/auth/sign-in/device-flow.ts";
import type { LoginManager } from "../../src/auth/sign-in/login-manager.ts";
import type { StartedLogin } from "../../src/auth/sign-in/login-start.ts";
import type { OAuthFlow } from "../../src/auth/sign-in/browser-flow.ts";
import type { BrowserLogin, PendingLogin } from "../../src/auth/sign-in/login-attempt.ts";
import type { OrphanedTokens } from "../../src/auth/oauth/orphaned-tokens.ts";
import type { CodeExchangeResponse } from "../../src/auth/oauth/oauth-messages.ts";
import type { Simulator } from "../simulator/index.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";
import { makeHome } from "./home.ts";
import { simulate } from "./server.ts";
import { testPlatform } from "./app.ts";

/** The sign-in alone, with the grants that it saves. */
export interface FlowRig {
  flow: OAuthFlow;
  device: DeviceFlow;
  login: LoginManager;
  clock: FakeClock;
  simulator: Simulator;
  saved: CodeExchangeResponse[];
  logged: string[];
  orphanedTokens: OrphanedTokens;
  /** When each device poll was sent, by the clock. */
  polls: number[];
  /** Advances the clock to a device poll, and awaits its response. */
  passToPoll: (ms: number) => Promise<void>;
}

export interface FlowRigOptions {
  save?: (grant: CodeExchangeResponse) => Promise<TokenSet>;
  rehearse?: () => Promise<void>;
  ports?: readonly number[];
  /** Without it, no browser may be opened. */
  openBrowser?: ((url: string) => Promise<void>) | undefined;
  host?: Partial<LoginEnvironment>;
  isStored?: () => Promise<boolean>;
}

export async function flowRig(options: FlowRigOptions = {}): Promise<FlowRig> {
  const { save = () => Promise.resolve(emptyLogin), rehearse = () => Promise.resolve(), ports = [0] } = options;
  const { openBrowser, host, isStored = () => Promise.resolve(true) } = options;
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const logged: string[] = [];
  const platform = testPlatform({
    home: makeHome(),
    simulator,
    env: { CODEX_CALLBACK_PORTS: ports.join() },
    clock,
    takeLog: (_, text) => void logged.push(text),
  });
  const polls: number[] = [];
  let answered: Promise<unknown> = Promise.resolve();
  const { http } = platform;
  const fetchText = http.fetchText.bind(http);
  http.fetchText = (request, limits) => {
    const response = fetchText(request, limits);
    if (request.url.endsWith(devicePollPath)) {
      polls.push(clock.now());
      answered = response.catch(() => undefined);
    }
    return response;
  };
  const saved: CodeExchangeResponse[] = [];
  const { flow, device, login, orphanedTokens } = createSignIn(platform, createSession(platform, undefined), {
    save: (grant) => {
      saved.push(grant);
      return save(grant);
    },
    rehearse,
    isStored,
    detectHost: () => Promise.resolve({ ...desktop, noBrowser: openBrowser ? undefined : "setting", ...host }),
    openBrowser: openBrowser ?? (() => Promise.reject(new Error("none may be opened"))),
  });
  const passToPoll = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await answered;
    await clock.advance(0);
  };
  return { flow, device, login, clock, simulator, saved, logged, orphanedTokens, polls, passToPoll };
}

/** The login manager, narrowed to browser logins. */
export type BrowserLogins = Omit<LoginManager, "beginOrJoin"> & {
  beginOrJoin: () => Promise<Omit<StartedLogin, "pending"> & { pending: BrowserLogin }>;
};

/** A desktop with everything that a browser login needs. */
export const desktop: LoginEnvironment = {
  platform: "linux",
  ssh: false,
  codespaces: false,
  container: false,
  display: true,
  wsl: false,
  opener: true,
  noBrowser: undefined,
};

/** The result of a save if a test ignores it. */
export const emptyLogin: TokenSet = {
  issuer: "https://issuer.test",
  apiOrigin: "https://api.test",
  accessToken: "access",
  refreshToken: "refresh",
  idToken: "id",
  accountId: "account",
  email: undefined,
  plan: undefined,
  expiresAt: 0,
  generation: 1,
};

/** The authorization URL of a browser login. */
export function urlOf(pending: PendingLogin): string {
  if (pending.method !== "browser") throw new Error("no browser login waits");
  return pending.authorizationUrl;
}
