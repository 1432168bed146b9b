import { createSession } from "../../src/app/session.ts";
import { createSignIn, type SignInTarget } from "../../src/app/sign-in.ts";
import { defaultLimits } from "../../src/shared/limits.ts";
import type { LoginEnvironment } from "../../src/auth/sign-in/login-plan.ts";
import type { TokenSet } from "../../src/auth/oauth/token-set.ts";
import { silentLog } from "../../src/platform/log.ts";
import type { DeviceFlow } from "../../src/auth/sign-in/device-flow.ts";
import { LoginManager, type LoginManagerDeps } from "../../src/auth/sign-in/login-manager.ts";
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

/** The sign-in flows alone, with the grants that they save. */
export interface FlowRig {
  flow: OAuthFlow;
  device: DeviceFlow;
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

export async function flowRig(
  save: (grant: CodeExchangeResponse) => Promise<TokenSet> = () => Promise.resolve(emptyLogin),
  ports: readonly number[] = [0],
  rehearse: () => Promise<void> = () => Promise.resolve(),
): Promise<FlowRig> {
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
  const saved: CodeExchangeResponse[] = [];
  const { endpoint } = createSession(platform, undefined);
  const target: SignInTarget = {
    endpoint,
    store: { rehearse },
    tokens: {
      saveLogin: (grant) => {
        saved.push(grant);
        return save(grant);
      },
      isStored: () => Promise.resolve(true),
    },
  };
  const polls: number[] = [];
  let answered: Promise<unknown> = Promise.resolve();
  const { flow, device, orphanedTokens } = createSignIn(platform, target, (own) => ({
    requestCode: (signal) => own.requestCode(signal),
    poll: (code, signal) => {
      polls.push(clock.now());
      const answer = own.poll(code, signal);
      answered = answer.catch(() => undefined);
      return answer;
    },
  }));
  const passToPoll = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await answered;
    await clock.advance(0);
  };
  return { flow, device, clock, simulator, saved, logged, orphanedTokens, polls, passToPoll };
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
  noBrowser: false,
};

/** A login manager over real flows; without `openBrowser` it must open none. */
export function createLoginManager(
  { flow, device, clock }: Pick<LoginManagerDeps, "flow" | "device" | "clock">,
  options: {
    openBrowser?: ((url: string) => Promise<void>) | undefined;
    host?: Partial<LoginEnvironment>;
    isStored?: () => Promise<boolean>;
  } = {},
): LoginManager {
  const { openBrowser, host, isStored = () => Promise.resolve(true) } = options;
  return new LoginManager({
    flow,
    device,
    detectHost: () => Promise.resolve({ ...desktop, noBrowser: openBrowser === undefined, ...host }),
    openBrowser: openBrowser ?? (() => Promise.reject(new Error("none may be opened"))),
    isStored,
    clock,
    limits: defaultLimits,
    log: silentLog,
  });
}

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
