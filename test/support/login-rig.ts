import { onTestFinished } from "vitest";
import { defaultLimits } from "../../src/shared/limits.ts";
import type { LoginSurroundings } from "../../src/auth/sign-in/login-plan.ts";
import type { TokenSet } from "../../src/auth/oauth/token-set.ts";
import { silentLog, type LogArea } from "../../src/platform/log.ts";
import { Http } from "../../src/http/http.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { Redactor } from "../../src/shared/redactor.ts";
import { DeviceEndpoint } from "../../src/auth/sign-in/device-endpoint.ts";
import { DeviceFlow } from "../../src/auth/sign-in/device-flow.ts";
import {
  LoginService,
  type LoginAttempt,
  type LoginServiceDeps,
} from "../../src/auth/sign-in/login-service.ts";
import { OAuthFlow } from "../../src/auth/sign-in/browser-flow.ts";
import type { BrowserLogin, PendingLogin } from "../../src/auth/sign-in/login-run.ts";
import { Revocations } from "../../src/auth/oauth/revocations.ts";
import { TokenEndpoint } from "../../src/auth/oauth/token-endpoint.ts";
import type { CodeExchangeResponse } from "../../src/auth/oauth/oauth-messages.ts";
import type { Simulator } from "../simulator/index.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";
import { simulate } from "./server.ts";

/** Only the flows of a login, with what they would store. */
export interface FlowRig {
  flow: OAuthFlow;
  device: DeviceFlow;
  clock: FakeClock;
  simulator: Simulator;
  saved: CodeExchangeResponse[];
  logged: string[];
  unwanted: Revocations;
  /** When each device poll was sent, by the clock. */
  polls: number[];
  /** Let time pass up to a device poll, and let its answer arrive. */
  passToPoll: (ms: number) => Promise<void>;
}

export async function flowRig(
  save: (grant: CodeExchangeResponse) => Promise<TokenSet> = () => Promise.resolve(emptyLogin),
  ports: readonly number[] = [0],
  rehearse: () => Promise<void> = () => Promise.resolve(),
): Promise<FlowRig> {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const redactor = new Redactor();
  const logged: string[] = [];
  const log = Object.assign((_: LogArea, text: string) => void logged.push(redactor.all(text)), {
    file: undefined,
  });
  const proxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const http = new Http({ clock, log, proxy });
  onTestFinished(() => http.close());
  const asked = {
    issuer: simulator.issuer,
    http,
    limits: defaultLimits,
    redactor,
    userAgent: "codex-oauth/0.0.0 (test)",
    now: () => clock.now(),
  };
  const endpoint = new TokenEndpoint(asked);
  const saved: CodeExchangeResponse[] = [];
  const keep = (grant: CodeExchangeResponse) => {
    saved.push(grant);
    return save(grant);
  };
  const unwanted = new Revocations({ endpoint, clock, limits: defaultLimits, log });
  const flow = new OAuthFlow({
    issuer: simulator.issuer,
    ports,
    endpoint,
    save: keep,
    rehearse,
    unwanted,
    clock,
    random: systemRandom,
    limits: defaultLimits,
    redactor,
    log,
  });
  const polls: number[] = [];
  let answered: Promise<unknown> = Promise.resolve();
  const deviceEndpoint = new DeviceEndpoint(asked);
  const device = new DeviceFlow({
    issuer: simulator.issuer,
    endpoint: {
      requestCode: (signal) => deviceEndpoint.requestCode(signal),
      poll: (code, signal) => {
        polls.push(clock.now());
        const answer = deviceEndpoint.poll(code, signal);
        answered = answer.catch(() => undefined);
        return answer;
      },
    },
    tokens: endpoint,
    save: keep,
    rehearse: () => Promise.resolve(),
    unwanted,
    clock,
    limits: defaultLimits,
    log,
  });
  const passToPoll = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await answered;
    await clock.advance(0);
  };
  return { flow, device, clock, simulator, saved, logged, unwanted, polls, passToPoll };
}

/** The login service, as far as it deals with browser logins, which most tests are about. */
export type BrowserLogins = Omit<LoginService, "beginOrJoin"> & {
  beginOrJoin: () => Promise<Omit<LoginAttempt, "pending"> & { pending: BrowserLogin }>;
};

/** A desktop with everything that a browser login needs. */
export const desktop: LoginSurroundings = {
  platform: "linux",
  ssh: false,
  codespaces: false,
  container: false,
  display: true,
  wsl: false,
  opener: true,
  noBrowser: false,
};

/** The login service over real flows; without an opener no browser may be opened. */
export function loginService(
  { flow, device, clock }: Pick<LoginServiceDeps, "flow" | "device" | "clock">,
  options: {
    openBrowser?: ((url: string) => Promise<void>) | undefined;
    here?: Partial<LoginSurroundings>;
    isStored?: () => Promise<boolean>;
  } = {},
): LoginService {
  const { openBrowser, here, isStored = () => Promise.resolve(true) } = options;
  return new LoginService({
    flow,
    device,
    here: () => Promise.resolve({ ...desktop, noBrowser: openBrowser === undefined, ...here }),
    openBrowser: openBrowser ?? (() => Promise.reject(new Error("none may be opened"))),
    isStored,
    clock,
    limits: defaultLimits,
    log: silentLog,
  });
}

/** What a save answers when nobody looks at it. */
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

/** Where a browser login sends its person. */
export function urlOf(pending: PendingLogin): string {
  if (pending.method !== "browser") throw new Error("no browser login waits");
  return pending.authorizationUrl;
}
