import { onTestFinished } from "vitest";
import { defaultLimits } from "../../src/core/limits.ts";
import type { TokenSet } from "../../src/core/tokens.ts";
import type { LogArea } from "../../src/infra/debug-log.ts";
import { Http } from "../../src/infra/http.ts";
import { systemRandom } from "../../src/infra/random.ts";
import { Redactor } from "../../src/infra/redact.ts";
import { OAuthFlow } from "../../src/services/oauth-flow.ts";
import { TokenEndpoint } from "../../src/services/token-endpoint.ts";
import type { CodeExchangeResponse } from "../../src/wire/oauth.ts";
import type { Simulator } from "../simulator/index.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";
import { simulate } from "./server.ts";

/** Only the browser login, with what it would store. */
export interface FlowRig {
  flow: OAuthFlow;
  clock: FakeClock;
  simulator: Simulator;
  saved: CodeExchangeResponse[];
  logged: string[];
}

export async function flowRig(
  save: (grant: CodeExchangeResponse) => Promise<TokenSet> = () => Promise.resolve(emptyLogin),
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
  const endpoint = new TokenEndpoint({
    issuer: simulator.issuer,
    http,
    limits: defaultLimits,
    redactor,
    userAgent: "codex-oauth/0.0.0 (test)",
    now: () => clock.now(),
  });
  const saved: CodeExchangeResponse[] = [];
  const flow = new OAuthFlow({
    issuer: simulator.issuer,
    ports: [0],
    endpoint,
    save: (grant) => {
      saved.push(grant);
      return save(grant);
    },
    clock,
    random: systemRandom,
    limits: defaultLimits,
    redactor,
    log,
  });
  return { flow, clock, simulator, saved, logged };
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
