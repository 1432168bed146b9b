import { openInBrowser } from "../platform/browser.ts";
import { lookAround } from "../platform/host.ts";
import { DeviceEndpoint } from "../auth/sign-in/device-endpoint.ts";
import { DeviceFlow } from "../auth/sign-in/device-flow.ts";
import { LoginService } from "../auth/sign-in/login-service.ts";
import { OAuthFlow } from "../auth/sign-in/browser-flow.ts";
import { Revocations } from "../auth/oauth/revocations.ts";
import type { CodeExchangeResponse } from "../auth/oauth/oauth-messages.ts";
import type { TokenSet } from "../auth/oauth/token-set.ts";
import type { Ground } from "./platform.ts";
import type { TokenParts } from "./session.ts";

export interface LoginParts {
  flow: OAuthFlow;
  login: LoginService;
  /** Revokes what ended logins got after all. */
  unwanted: Revocations;
}

/** The ways to sign in with ChatGPT. */
export function composeLogin(ground: Ground, { endpoint, store, tokens }: TokenParts): LoginParts {
  const { config, clock, random, limits, redactor, log, http, userAgent } = ground;
  const { issuer, callbackPorts: ports, desktop, noBrowser } = config;
  const save = (grant: CodeExchangeResponse): Promise<TokenSet> => tokens.saveLogin(grant);
  const unwanted = new Revocations({ endpoint, clock, limits, log });
  const rehearse = (): Promise<void> => store.rehearse(limits.fileLockWaitMs);
  const shared = { issuer, save, rehearse, unwanted, clock, limits, log };
  const flow = new OAuthFlow({ ...shared, ports, endpoint, random, redactor });
  const now = (): number => clock.now();
  const device = new DeviceFlow({
    ...shared,
    endpoint: new DeviceEndpoint({ issuer, http, limits, redactor, userAgent, now }),
    tokens: endpoint,
  });
  const login = new LoginService({
    flow,
    device,
    here: async () => ({ ...desktop, ...(await lookAround(desktop)), noBrowser }),
    openBrowser: openInBrowser,
    isStored: (saved) => tokens.isStored(saved),
    clock,
    limits,
    log,
  });
  return { flow, login, unwanted };
}
