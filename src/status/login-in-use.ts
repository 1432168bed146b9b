import type { Config } from "../config/config.ts";
import type { ConfigArea } from "../config/checks.ts";
import type { Credential, LoginMode } from "../api/credential.ts";
import { toCodexError } from "../shared/errors.ts";
import { oneLineError } from "../shared/error-line.ts";
import { assertIssuedFor } from "../auth/oauth/token-set.ts";
import { apiKeyCredential } from "../auth/api-key.ts";
import { assertAlive } from "../auth/codex-cli.ts";
import { chatgptCredential } from "../auth/credentials.ts";
import { withKeptRoute } from "../auth/workspace-routing.ts";
import type { Services } from "./services.ts";

/** What would authorize a question now, for a report: nothing is asked, refreshed or changed. */
export interface LoginInUse {
  mode: LoginMode;
  credential: Credential | undefined;
  /** A query can use it, trouble or not. */
  usable: boolean;
  /** In one line, with its code. */
  trouble: string | undefined;
}

type Found = Omit<LoginInUse, "mode">;

const misconfigured = "No login can be used until the configuration below is corrected.";

/**
 * What a question would be asked with now. Never fails: what stands in the way is its `trouble`. A
 * setting that spoils the request does not hide whose login it would be.
 */
export async function loginInUse(services: Services): Promise<LoginInUse> {
  const { credentials, config } = services;
  const standard = config.auth ?? "chatgpt";
  if (hasProblem(config, "storage")) return { mode: standard, ...useless(misconfigured) };
  let mode: LoginMode = standard;
  try {
    mode = await credentials.mode();
    const found = await finders[mode](services);
    const spoilt = (["origins", "state", "auth"] as const).some((area) => hasProblem(config, area));
    return { mode, ...(spoilt ? useless(misconfigured, found.credential) : found) };
  } catch (thrown) {
    return { mode, ...useless(oneLineError(toCodexError(thrown))) };
  }
}

const finders: Readonly<Record<LoginMode, (services: Services) => Found | Promise<Found>>> = {
  chatgpt: async ({ tokens: manager, config }) => {
    const { tokens, damaged, unsaved } = await manager.state();
    if (damaged) {
      return useless(
        `AUTH_REQUIRED: The login file ${config.authFile} is damaged; sign in again with codex_login.`,
      );
    }
    if (tokens === undefined) return { credential: undefined, usable: false, trouble: undefined };
    const credential = chatgptCredential(tokens, config.baseUrl);
    // With a wrong origin the configuration itself is the trouble to tell.
    if (!hasProblem(config, "origins")) assertIssuedFor(tokens, config);
    return {
      credential: withKeptRoute(credential, tokens) ?? credential,
      usable: true,
      trouble: unsaved && `The refreshed login is only in memory: ${unsaved.message}`,
    };
  },
  "codex-cli": async ({ guest, clock }) => {
    const credential = await guest.look();
    try {
      assertAlive(credential, clock.now());
      return { credential, usable: true, trouble: undefined };
    } catch (thrown) {
      return useless(oneLineError(toCodexError(thrown)), credential);
    }
  },
  "api-key": ({ config }) => ({
    credential: apiKeyCredential(config),
    usable: true,
    trouble: undefined,
  }),
};

function hasProblem(config: Config, wanted: ConfigArea): boolean {
  return config.problems.some(({ area }) => area === wanted);
}

function useless(trouble: string, credential?: Credential): Found {
  return { credential, usable: false, trouble };
}
