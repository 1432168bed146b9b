import type { Config } from "../config.ts";
import type { ConfigArea } from "../config-checks.ts";
import type { DoctorReport } from "../core/doctor.ts";
import { toCodexError, type CodexError } from "../core/errors.ts";
import { defaultModel } from "../core/models.ts";
import type { PendingLoginStatus, Status } from "../core/status.ts";
import { accountLabel, assertIssuedFor, type TokenSet } from "../core/tokens.ts";
import { chatgptCredential } from "./credentials.ts";
import { bundledList } from "./model-catalog.ts";
import type { PendingLogin } from "./pending-login.ts";
import type { Services } from "./services.ts";

/** The network is asked only for `verbose`; nothing that is stored changes. */
export async function collectStatus(
  services: Services,
  verbose: boolean,
  signal: AbortSignal,
): Promise<Status> {
  const { config, login, catalog, quota, logFile } = services;
  const { tokens, usable, trouble } = await readLogin(services);
  const account = tokens && chatgptCredential(tokens, config.baseUrl);
  const kept = account && (await catalog.kept(account));
  const pending = login.pending;
  return {
    signedIn: usable,
    account: tokens === undefined ? undefined : accountLabel(tokens),
    plan: tokens?.plan,
    expiresAt: tokens?.expiresAt,
    authFile: config.authFile,
    issuer: config.issuer,
    apiOrigin: config.apiOrigin,
    defaultModel: config.model ?? defaultModel((kept ?? bundledList).models)?.slug,
    quota: account && (await quota.lastSeen(account)),
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

const misconfigured = "No login can be used until the configuration below is corrected.";

function hasProblem(config: Config, wanted: ConfigArea): boolean {
  return config.problems.some(({ area }) => area === wanted);
}

interface StoredLogin {
  tokens: TokenSet | undefined;
  /** A query can use it, trouble or not. */
  usable: boolean;
  trouble: string | undefined;
}

async function readLogin(services: Services): Promise<StoredLogin> {
  const { tokens: manager, config } = services;
  const useless = (trouble: string, tokens?: TokenSet): StoredLogin => ({
    tokens,
    usable: false,
    trouble,
  });
  if (hasProblem(config, "storage")) return useless(misconfigured);
  try {
    const { tokens, damaged, unsaved } = await manager.state();
    if (damaged) {
      return useless(
        `AUTH_REQUIRED: The login file ${config.authFile} is damaged; sign in again with codex_login.`,
      );
    }
    if ((["origins", "state", "auth"] as const).some((area) => hasProblem(config, area)))
      return useless(misconfigured, tokens);
    if (tokens !== undefined) assertIssuedFor(tokens, config);
    return {
      tokens,
      usable: tokens !== undefined,
      trouble: unsaved && `The refreshed login is only in memory: ${unsaved.message}`,
    };
  } catch (thrown) {
    return useless(oneLineError(toCodexError(thrown)));
  }
}

function oneLineError({ code, message, next }: CodexError): string {
  return `${code}: ${message} Next: ${next}`;
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
