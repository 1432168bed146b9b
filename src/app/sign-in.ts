import type { CodeExchangeResponse } from "../auth/oauth/oauth-messages.ts";
import { OrphanedTokens } from "../auth/oauth/orphaned-tokens.ts";
import type { TokenSet } from "../auth/oauth/token-set.ts";
import type { TokenManager } from "../auth/session/token-manager.ts";
import type { LoginStore } from "../auth/session/token-store.ts";
import { OAuthFlow } from "../auth/sign-in/browser-flow.ts";
import { DeviceEndpoint } from "../auth/sign-in/device-endpoint.ts";
import { DeviceFlow, type DeviceFlowDeps } from "../auth/sign-in/device-flow.ts";
import { LoginManager } from "../auth/sign-in/login-manager.ts";
import { openInBrowser } from "../platform/browser.ts";
import { detectHost, findOpener } from "../platform/host.ts";
import type { Platform } from "./platform.ts";
import type { Session } from "./session.ts";

export interface SignInTarget {
  endpoint: Session["endpoint"];
  store: Pick<LoginStore, "rehearse">;
  tokens: Pick<TokenManager, "saveLogin" | "isStored">;
}

/**
 * The flows that sign in with ChatGPT.
 *
 * @param observe wraps the device flow's endpoint, for tests
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- inferred
export function createSignIn(
  platform: Platform,
  { endpoint, store, tokens }: SignInTarget,
  observe: (endpoint: DeviceFlowDeps["endpoint"]) => DeviceFlowDeps["endpoint"] = (own) => own,
) {
  const { config, clock, random, limits, redactor, log, http, userAgent } = platform;
  const { issuer, callbackPorts: ports, desktop, noBrowser } = config;
  const save = (grant: CodeExchangeResponse): Promise<TokenSet> => tokens.saveLogin(grant);
  const orphanedTokens = new OrphanedTokens({ endpoint, clock, limits, log });
  const rehearse = (): Promise<void> => store.rehearse(limits.fileLockWaitMs);
  const shared = { issuer, save, rehearse, orphanedTokens, clock, limits, log };
  const flow = new OAuthFlow({ ...shared, ports, endpoint, random, redactor });
  const now = (): number => clock.now();
  const device = new DeviceFlow({
    ...shared,
    endpoint: observe(new DeviceEndpoint({ issuer, http, limits, redactor, userAgent, now })),
    tokens: endpoint,
  });
  const login = new LoginManager({
    flow,
    device,
    detectHost: async () => ({ ...desktop, ...(await detectHost(desktop)), noBrowser }),
    openBrowser: async (url) => openInBrowser(url, await findOpener(desktop)),
    isStored: (saved) => tokens.isStored(saved),
    clock,
    limits,
    log,
  });
  return { flow, device, login, orphanedTokens };
}
