import { openInBrowser } from "../infra/browser.ts";
import { lookAround } from "../infra/surroundings.ts";
import { DeviceEndpoint } from "../services/device-endpoint.ts";
import { DeviceFlow } from "../services/device-flow.ts";
import { LoginService } from "../services/login-service.ts";
import { OAuthFlow } from "../services/oauth-flow.ts";
import { Revocations } from "../services/revocations.ts";
import type { CodeExchangeResponse } from "../wire/oauth.ts";
import type { TokenSet } from "../core/tokens.ts";
import type { Ground } from "./ground.ts";
import type { TokenParts } from "./tokens.ts";

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
