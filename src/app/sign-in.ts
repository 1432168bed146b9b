import { OrphanedTokens } from "../auth/oauth/orphaned-tokens.ts";
import { accountChange } from "../auth/oauth/token-set.ts";
import { OAuthFlow } from "../auth/sign-in/browser-flow.ts";
import { DeviceEndpoint } from "../auth/sign-in/device-endpoint.ts";
import { DeviceFlow } from "../auth/sign-in/device-flow.ts";
import type { LoginAttemptDeps } from "../auth/sign-in/login-attempt.ts";
import { LoginManager, type LoginManagerDeps } from "../auth/sign-in/login-manager.ts";
import { foreignService } from "../config/config.ts";
import { detectHost as examineHost, findOpener, openInBrowser } from "../platform/host.ts";
import { renderCallbackPage } from "../render/callback-page.ts";
import type { Platform } from "./platform.ts";
import type { Session } from "./session.ts";

/** What a test may decide in place of the machine and the stored login. */
interface SignInOverrides extends Pick<LoginManagerDeps, "detectHost" | "openBrowser" | "isStored"> {
  save: LoginAttemptDeps["save"];
  rehearse: () => Promise<void>;
}

/** The flows that sign in with ChatGPT. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- inferred
export function createSignIn(
  platform: Platform,
  { endpoint, store, tokens }: Session,
  overrides: Partial<SignInOverrides> = {},
) {
  const { config, clock, random, limits, redactor, log, http, userAgent, mayOpenBrowser = true } = platform;
  const { issuer, callbackPorts: ports, desktop } = config;
  const noBrowser = config.noBrowser ? "setting" : mayOpenBrowser ? undefined : "option";
  const orphanedTokens = new OrphanedTokens({ endpoint, clock, limits, log });
  const {
    save = async (grant) => {
      const before = await tokens.state().catch(() => undefined);
      const login = await tokens.saveLogin(grant);
      return { ...login, accountChange: before?.tokens && accountChange(before.tokens, login) };
    },
    rehearse = () => store.rehearse(),
    isStored = (saved) => tokens.isStored(saved),
    detectHost = async () => ({ ...desktop, ...(await examineHost(desktop)), noBrowser }),
    openBrowser = async (url) => openInBrowser(url, await findOpener(desktop)),
  } = overrides;
  const shared = { issuer, save, rehearse, orphanedTokens, clock, limits, log };
  const flow = new OAuthFlow({
    ...shared,
    ports,
    endpoint,
    renderPage: (outcome, acceptLanguage) =>
      renderCallbackPage(outcome, acceptLanguage, (text) => redactor.redactAll(text), foreignService(config)?.api),
    random,
    redactor,
  });
  const now = (): number => clock.now();
  const device = new DeviceFlow({
    ...shared,
    endpoint: new DeviceEndpoint({ issuer, http, limits, redactor, userAgent, now }),
    tokens: endpoint,
  });
  const login = new LoginManager({ flow, device, detectHost, openBrowser, isStored, clock, limits, log });
  return { flow, device, login, orphanedTokens };
}
