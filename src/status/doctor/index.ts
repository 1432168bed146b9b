import type { Config } from "../../config/config.ts";
import type { LoginMode } from "../../api/credential.ts";
import type { Http } from "../../http/http.ts";
import { proxyRoute } from "../../http/proxy.ts";
import { fingerprint } from "../../platform/random.ts";
import { tokenPath } from "../../api/constants.ts";
import { modelsUrl } from "../../api/endpoints.ts";
import type { HealthTarget } from "./health.ts";
import type { PendingLogin } from "../../auth/sign-in/login-run.ts";
import type { RefreshLedger } from "../../auth/session/refresh-ledger.ts";
import { Doctor, type DoctorDeps } from "./doctor.ts";
import { environmentChecks } from "./environment.ts";
import { fileChecks, type FilesDeps } from "./files.ts";
import { loginChecks, type LoginDeps } from "./login.ts";
import { networkChecks, type NetworkDeps } from "./network.ts";

export interface DoctorParts
  extends
    FilesDeps,
    Pick<NetworkDeps, "userAgent" | "portState">,
    Pick<LoginDeps, "mode" | "tokens" | "guest" | "catalog" | "quota">,
    Pick<DoctorDeps, "redactor" | "home"> {
  config: Config;
  http: Pick<Http, "fetchText" | "authorities">;
  ledger: Pick<RefreshLedger, "find">;
  /** The sign-in of this process that waits for somebody, if one does. */
  pendingLogin: () => PendingLogin | undefined;
}

/** The doctor with everything that it looks at, in the order in which it is told. */
export function createDoctor(parts: DoctorParts): Doctor {
  const { config, http, ledger, mode, pendingLogin, clock, redactor, home } = parts;
  const deps = {
    ...parts,
    authorities: http.authorities,
    nodeVersion: process.version,
    // A login file that cannot be read says nothing about the way to the services.
    targets: async () =>
      healthTargets(config, await mode().catch(() => config.auth ?? ("chatgpt" as const))),
    proxyVariable: () => proxyVariable(config),
    callbackPorts: config.callbackPorts,
    ownPort: () => {
      const pending = pendingLogin();
      return pending?.method === "browser" ? Number(new URL(pending.redirectUri).port) : undefined;
    },
    refreshOutcome: async ({ refreshToken }: { refreshToken: string }) =>
      (await ledger.find(fingerprint(refreshToken)))?.outcome,
  };
  const checks = [
    ...loginChecks(deps),
    ...environmentChecks(deps),
    ...fileChecks(deps),
    ...networkChecks(deps),
  ];
  return new Doctor({ checks, clock, redactor, home });
}

function proxyVariable({ issuer, proxy }: Config): string | undefined {
  try {
    return proxyRoute(issuer, proxy)?.variable;
  } catch {
    return undefined; // a value that names no proxy is a finding of its own
  }
}

/** What the program asks over the network; nothing where a setting spoils the origins. */
function healthTargets(config: Config, mode: LoginMode): HealthTarget[] {
  // With a bad setting the standard origin stands in; nobody asked for that one.
  if (config.problems.some(({ area }) => area === "origins")) return [];
  const target = (base: string, path: string): HealthTarget => {
    const { origin, pathname } = new URL(base);
    return { origin, path: `${pathname.replace(/\/$/, "")}${path}` };
  };
  const models = (api: Parameters<typeof modelsUrl>[0]): HealthTarget => {
    const { origin, pathname } = new URL(modelsUrl(api, config.clientVersion));
    return { origin, path: pathname };
  };
  if (mode === "api-key") return [models({ mode, baseUrl: config.apiBaseUrl })];
  return [target(config.issuer, tokenPath), models({ mode, baseUrl: config.baseUrl })];
}
