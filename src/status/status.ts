import { type Credential, credentialLabel } from "../api/credential.ts";
import type { DoctorReport } from "./finding.ts";
import { defaultModel } from "../models/model.ts";
import type { PendingLoginStatus, Status } from "./status-report.ts";
import { oneLineError } from "../shared/error-line.ts";
import { bundledListFor } from "../models/list-formats.ts";
import { loginInUse } from "./login-in-use.ts";
import type { PendingLogin } from "../auth/sign-in/login-run.ts";
import type { Services } from "./services.ts";

/** The network is asked only for `verbose`; nothing that is stored changes. */
export async function collectStatus(
  services: Services,
  verbose: boolean,
  signal: AbortSignal,
): Promise<Status> {
  const { config, guest, login, catalog, quota, logFile } = services;
  const { mode, credential, usable, trouble } = await loginInUse(services);
  const kept = credential && (await catalog.kept(credential));
  const pending = login.pending;
  return {
    signedIn: usable,
    mode,
    decidedBy: config.auth === undefined ? undefined : "CODEX_AUTH",
    account: accountOf(credential),
    plan: credential?.plan,
    expiresAt: credential?.expiresAt,
    authFile: config.authFile,
    guestFile: mode === "codex-cli" ? guest.path : undefined,
    issuer: config.issuer,
    apiOrigin: mode === "api-key" ? new URL(config.apiBaseUrl).origin : config.apiOrigin,
    defaultModel: config.model ?? defaultModel((kept ?? bundledListFor(mode)).models)?.slug,
    quota: credential && (await quota.lastSeen(credential)),
    trouble,
    pendingLogin: pending && pendingStatus(pending),
    failedLogin: login.failure && oneLineError(login.failure),
    problems: [
      ...config.problems.map(
        ({ setting, message }) => `CONFIG: ${setting} cannot be used: ${message}`,
      ),
      ...config.notices,
      ...(await services.surroundingNotices()),
    ],
    logFile,
    details: verbose ? await examine(services, signal) : undefined,
  };
}

function pendingStatus(pending: PendingLogin): PendingLoginStatus {
  const { endsAt } = pending;
  return pending.method === "browser"
    ? { method: pending.method, authorizationUrl: pending.authorizationUrl, endsAt }
    : { method: pending.method, verificationUrl: pending.verificationUrl, endsAt };
}

/** Masked; an API key has no account that anybody could name. */
function accountOf(credential: Credential | undefined): string | undefined {
  if (credential === undefined || credential.kind === "api-key") return undefined;
  return credentialLabel({ ...credential, kind: "chatgpt" });
}

async function examine(services: Services, signal: AbortSignal): Promise<DoctorReport> {
  const { version, platform, config, doctor } = services;
  return {
    version,
    nodeVersion: process.version,
    platform,
    clientVersion: config.clientVersion,
    findings: await doctor(signal),
  };
}
