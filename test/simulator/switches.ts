import { defaultModels } from "./catalogue.ts";
import { MINIMUM_VERSIONS } from "./models.ts";
import type { SimAccount, SimSwitches } from "./types.ts";
import { defaultRateLimitHeaders } from "./usage.ts";

export const DEFAULT_ACCOUNT: SimAccount = {
  accountId: "5e1f0a7c-51a1-4c0d-8e1f-ca9a71000001",
  email: "canary.user@example.test",
  plan: "plus",
  userId: "user-simulated-1",
};

export function defaultSwitches(now: number, plan: string): SimSwitches {
  return {
    requireLite: false,
    requireLiteStatus: 400,
    missingAccountIdStatus: 401,
    instructionsRequired: true,
    minimumVersions: { ...MINIMUM_VERSIONS },
    versionGateStyle: "not-supported",
    models: defaultModels(),
    disallowedModels: [],
    rateLimitHeaders: defaultRateLimitHeaders(now, plan),
    modelsEtag: 'W/"simulated-catalogue-1"',
    rotateRefreshTokens: true,
    omitIdTokenOnRefresh: false,
    acceptLoopbackIpRedirect: false,
    deviceInterval: "5",
    workspaceOrigin: "NO_CONSTRAINT",
    routingOverride: "NO_CONSTRAINT",
    keyModels: ["gpt-4.1", "gpt-5.5", "gpt-5.5-2026-04-01", "text-embedding-3-large", "gpt-6-sol"],
    keyModelsWithoutTemperature: ["gpt-6-sol"],
  };
}
