import type { Config } from "../../config/config.ts";
import type { CredentialSource } from "../../auth/credential-source.ts";
import type { Http } from "../../http/http.ts";
import { proxyRoute } from "../../http/proxy.ts";
import { fingerprint } from "../../platform/random.ts";
import { tokenPath } from "../../api/constants.ts";
import type { HealthTarget } from "./health.ts";
import type { Credential } from "../../api/credential.ts";
import type { CredentialChooser } from "../../auth/chooser.ts";
import type { TokenManager } from "../../auth/session/token-manager.ts";
import type { PendingLogin } from "../../auth/sign-in/login-attempt.ts";
import type { RefreshJournal } from "../../auth/session/refresh-journal.ts";
import { Doctor, type DoctorDeps } from "./doctor.ts";
import { environmentChecks } from "./environment.ts";
import { fileChecks, type FilesDeps } from "./files.ts";
import { loginChecks, type LoginDeps } from "./login.ts";
import { networkChecks, type NetworkDeps } from "./network.ts";

export interface DoctorParts
  extends
    FilesDeps,
    Pick<NetworkDeps, "userAgent" | "portState">,
    Pick<LoginDeps, "catalog" | "quota">,
    Pick<DoctorDeps, "redactor" | "home"> {
  config: Config;
  credentials: Pick<CredentialChooser, "current" | "defaultSource">;
  tokens: Pick<TokenManager, "state">;
  http: Pick<Http, "fetchText" | "authorities">;
  ledger: Pick<RefreshJournal, "find">;
  /** The sign-in of this process that waits for somebody, if one does. */
  pendingLogin: () => PendingLogin | undefined;
}

/** The doctor with everything that it looks at, in the order in which it is told. */
export function createDoctor(parts: DoctorParts): Doctor {
  const { config, http, ledger, credentials, tokens, pendingLogin, clock, redactor, home } = parts;
  const deps = {
    ...parts,
    authorities: http.authorities,
    nodeVersion: process.version,
    // A login file that cannot be read says nothing about the way to the services.
    targets: async () => healthTargets(config, await credentials.current().catch(() => credentials.defaultSource)),
    proxyVariable: () => proxyVariable(config),
    callbackPorts: config.callbackPorts,
    ownPort: () => {
      const pending = pendingLogin();
      return pending?.method === "browser" ? Number(new URL(pending.redirectUri).port) : undefined;
    },
    active: () => credentials.current(),
    refreshOutcome: async ({ secret }: Credential) => {
      const { tokens: stored } = await tokens.state();
      return stored?.accessToken === secret
        ? (await ledger.find(fingerprint(stored.refreshToken)))?.outcome
        : undefined;
    },
  };
  const checks = [...loginChecks(deps), ...environmentChecks(deps), ...fileChecks(deps), ...networkChecks(deps)];
  return new Doctor({ checks, clock, redactor, home });
}

function proxyVariable({ issuer, proxy }: Config): string | undefined {
  try {
    return proxyRoute(issuer, proxy)?.variable;
  } catch {
    return undefined; // a value that names no proxy is a finding of its own
  }
}

type HealthSource = Pick<CredentialSource, "api" | "baseUrl" | "issuer">;

/** What the program asks over the network; nothing where a setting spoils the origins. */
export function healthTargets(config: Config, source: HealthSource): HealthTarget[] {
  // With a bad setting the standard origin stands in; nobody asked for that one.
  if (config.problems.some(({ area }) => area === "origins")) return [];
  const target = (base: string, path: string): HealthTarget => {
    const { origin, pathname } = new URL(base);
    return { origin, path: `${pathname.replace(/\/$/, "")}${path}` };
  };
  const { api, baseUrl, issuer } = source;
  const { origin, pathname } = new URL(api.modelsUrl(baseUrl, config.clientVersion));
  const models = { origin, path: pathname };
  return issuer === undefined ? [models] : [target(issuer, tokenPath), models];
}
