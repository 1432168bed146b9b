import { tokenPath } from "../../api/constants.ts";
import type { Credential } from "../../api/credential.ts";
import type { CredentialChooser } from "../../auth/chooser.ts";
import type { CredentialSource } from "../../auth/credential-source.ts";
import type { RefreshClaims } from "../../auth/session/refresh-claim.ts";
import type { TokenManager } from "../../auth/session/token-manager.ts";
import type { PendingLogin } from "../../auth/sign-in/login-attempt.ts";
import type { Config } from "../../config/config.ts";
import type { Http } from "../../http/http.ts";
import { proxyRoute } from "../../http/proxy.ts";
import { fingerprint } from "../../platform/random.ts";
import { Doctor, type DoctorDeps } from "./doctor.ts";
import { environmentChecks } from "./environment.ts";
import { fileChecks, type FilesDeps } from "./files.ts";
import { loginChecks, type LoginDeps } from "./login.ts";
import { networkChecks, type HealthTarget, type NetworkDeps } from "./network.ts";
import { windowsRightsCheck } from "./windows-rights.ts";

interface DoctorParts
  extends
    FilesDeps,
    Pick<NetworkDeps, "userAgent" | "portState">,
    Pick<LoginDeps, "catalog" | "quota">,
    Pick<DoctorDeps, "redactor" | "home"> {
  config: Config;
  credentials: Pick<CredentialChooser, "current" | "defaultSource">;
  tokens: Pick<TokenManager, "state">;
  http: Pick<Http, "fetchText" | "authorities">;
  claims: Pick<RefreshClaims, "newest">;
  /** The pending sign-in of this process, if any. */
  pendingLogin: () => PendingLogin | undefined;
}

/** Creates the doctor with all its checks, in the order of the report. */
export function createDoctor(parts: DoctorParts): Doctor {
  const { config, http, claims, credentials, tokens, pendingLogin, clock, redactor, home } = parts;
  const deps = {
    ...parts,
    authorities: http.authorities,
    nodeVersion: process.version,
    // An unreadable login file must not prevent the network checks.
    targets: async () => healthTargets(config, await credentials.current().catch(() => credentials.defaultSource)),
    proxyVariable: () => proxyVariable(config),
    callbackPorts: config.callbackPorts,
    ownPort: () => {
      const pending = pendingLogin();
      return pending?.method === "browser" ? Number(new URL(pending.redirectUri).port) : undefined;
    },
    stored: () => tokens.state(),
    active: () => credentials.current(),
    refreshClaim: async ({ secret }: Credential) => {
      const { tokens: stored } = await tokens.state();
      return stored?.accessToken === secret ? claims.newest(fingerprint(stored.refreshToken)) : undefined;
    },
  };
  const checks = [
    ...loginChecks(deps),
    ...environmentChecks(deps),
    ...fileChecks(deps),
    ...(process.platform === "win32" ? [windowsRightsCheck(config)] : []),
    ...networkChecks(deps),
  ];
  return new Doctor({ checks, clock, redactor, home });
}

function proxyVariable({ issuer, proxy }: Config): string | undefined {
  try {
    return proxyRoute(issuer, proxy)?.variable;
  } catch {
    return undefined; // an invalid value has a finding of its own
  }
}

/** The targets that the program uses. */
function healthTargets(
  config: Config,
  { api, baseUrl, issuer }: Pick<CredentialSource, "api" | "baseUrl" | "issuer">,
): HealthTarget[] {
  // The configuration replaces an invalid origin by the default one, which the user didn't choose.
  if (config.problems.some(({ area }) => area === "origins")) return [];
  const target = (base: string, path: string): HealthTarget => {
    const { origin, pathname } = new URL(base);
    return { origin, path: `${pathname.replace(/\/$/, "")}${path}` };
  };
  const { origin, pathname } = new URL(api.modelsUrl(baseUrl, config.clientVersion));
  const models = { origin, path: pathname };
  return issuer === undefined ? [models] : [target(issuer, tokenPath), models];
}
