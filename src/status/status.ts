import type { CredentialChooser } from "../auth/chooser.ts";
import type { LoginManager } from "../auth/sign-in/login-manager.ts";
import type { Config } from "../config/config.ts";
import type { ModelCatalog } from "../models/catalog.ts";
import type { QuotaCache } from "../quota/quota-cache.ts";
import { accountOf } from "../auth/account.ts";
import type { DoctorReport } from "./finding.ts";
import { defaultModel } from "../models/model.ts";
import type { PendingLoginStatus, Status } from "./status-report.ts";
import type { ActiveCredential, CredentialSource } from "../auth/credential-source.ts";
import { toCodexError } from "../shared/errors.ts";
import type { ConfigArea } from "../config/checks.ts";
import { listFormatOf } from "../models/list-formats.ts";
import type { PendingLogin } from "../auth/sign-in/login-attempt.ts";

export interface StatusDeps {
  credentials: Pick<CredentialChooser, "current" | "unstored">;
  login: Pick<LoginManager, "pending" | "failure">;
  catalog: Pick<ModelCatalog, "cached">;
  quota: Pick<QuotaCache, "lastSeen">;
  config: Config;
  /** The debug log's path while it is written. */
  logFile: string | undefined;
  /** What is wrong around the program without being a setting of ours, a sentence each. */
  surroundingNotices: () => Promise<readonly string[]>;
  /** The doctor's report, if details are wanted. */
  details: (() => Promise<DoctorReport>) | undefined;
}

/** Changes nothing that is stored. Only `details` uses the network. */
export async function collectStatus(deps: StatusDeps): Promise<Status> {
  const { config, login, catalog, quota, logFile, surroundingNotices, details } = deps;
  const { source, credential, usable, trouble } = await activeCredential(deps);
  const kept = credential && (await catalog.cached(credential));
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
      ...config.problems.map(({ setting, message }) => `CONFIG: ${setting} cannot be used: ${message}`),
      ...config.notices,
      ...(await surroundingNotices()),
    ],
    logFile,
    details: await details?.(),
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
async function activeCredential({ credentials, config }: StatusDeps): Promise<Active> {
  const spoilt = (areas: ConfigArea[]): boolean => config.problems.some(({ area }) => areas.includes(area));
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
