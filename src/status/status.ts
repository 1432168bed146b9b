import { accountOf } from "../auth/account.ts";
import type { DoctorReport } from "./finding.ts";
import { defaultModel } from "../models/model.ts";
import type { PendingLoginStatus, Status } from "./status-report.ts";
import type { ActiveCredential, CredentialSource } from "../auth/credential-source.ts";
import { toCodexError } from "../shared/errors.ts";
import type { ConfigArea } from "../config/checks.ts";
import { listFormatOf } from "../models/list-formats.ts";
import type { PendingLogin } from "../auth/sign-in/login-run.ts";
import type { Services } from "./services.ts";

/** The network is asked only for `verbose`; nothing that is stored changes. */
export async function collectStatus(
  services: Services,
  verbose: boolean,
  signal: AbortSignal,
): Promise<Status> {
  const { config, login, catalog, quota, logFile } = services;
  const { source, credential, usable, trouble } = await activeCredential(services);
  const kept = credential && (await catalog.kept(credential));
  const pending = login.pending;
  return {
    signedIn: usable,
    mode: source.kind,
    decidedBy: config.auth === undefined ? undefined : "CODEX_AUTH",
    account: credential && accountOf(credential),
    plan: credential?.plan,
    expiresAt: credential?.expiresAt,
    authFile: config.authFile,
    guestFile: source.foreignFile,
    issuer: config.issuer,
    apiOrigin: new URL(source.baseUrl).origin,
    defaultModel: config.model ?? defaultModel((kept ?? listFormatOf(source).bundled).models)?.slug,
    quota: credential && (await quota.lastSeen(credential)),
    trouble,
    pendingLogin: pending && pendingStatus(pending),
    failedLogin: login.failure,
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

interface Active extends Omit<ActiveCredential, "trouble"> {
  source: CredentialSource;
  trouble: Status["trouble"];
}

const misconfigured = "No login can be used until the configuration below is corrected.";

/**
 * What a question would be asked with now. A setting that spoils the request doesn't hide whose
 * login it would be.
 */
async function activeCredential({ credentials, config }: Services): Promise<Active> {
  const spoilt = (areas: ConfigArea[]): boolean =>
    config.problems.some(({ area }) => areas.includes(area));
  const nothing = { source: credentials.unstored, credential: undefined, usable: false };
  if (spoilt(["storage"])) return { ...nothing, trouble: misconfigured };
  try {
    const source = await credentials.current();
    const { credential, usable, trouble } = await source.inspect();
    if (spoilt(["origins", "state", "auth"])) {
      return { source, credential, usable: false, trouble: misconfigured };
    }
    return {
      source,
      // A login for another origin is nobody's login here.
      credential: trouble?.code === "AUTH_REQUIRED" ? undefined : credential,
      usable,
      trouble: usable ? trouble?.message : trouble,
    };
  } catch (thrown) {
    return { ...nothing, trouble: toCodexError(thrown) };
  }
}

function pendingStatus(pending: PendingLogin): PendingLoginStatus {
  const { endsAt } = pending;
  return pending.method === "browser"
    ? { method: pending.method, authorizationUrl: pending.authorizationUrl, endsAt }
    : { method: pending.method, verificationUrl: pending.verificationUrl, endsAt };
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
