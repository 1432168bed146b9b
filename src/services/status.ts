import { credentialLabel } from "../core/credential-label.ts";
import type { Credential } from "../core/credentials.ts";
import { defaultModel } from "../core/models.ts";
import type { Status, StatusDetails } from "../core/status.ts";
import { bundledListFor } from "./list-format.ts";
import { hasProblem, oneLineError, presentLogin } from "./present-login.ts";
import type { Services } from "./services.ts";

/** The network is asked only for `verbose`; nothing that is stored changes. */
export async function collectStatus(
  services: Services,
  verbose: boolean,
  signal: AbortSignal,
): Promise<Status> {
  const { config, guest, login, catalog, quota, logFile } = services;
  const { mode, credential, usable, trouble } = await presentLogin(services);
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
    pendingLogin: pending && { authorizationUrl: pending.authorizationUrl, endsAt: pending.endsAt },
    failedLogin: login.failure && oneLineError(login.failure),
    problems: [
      ...config.problems.map(
        ({ setting, message }) => `CONFIG: ${setting} cannot be used: ${message}`,
      ),
      ...config.notices,
    ],
    logFile,
    details: verbose ? await collectDetails(services, kept?.fetchedAt, signal) : undefined,
  };
}

/** Masked; an API key has no account that anybody could name. */
function accountOf(credential: Credential | undefined): string | undefined {
  if (credential === undefined || credential.mode === "api-key") return undefined;
  return credentialLabel({ ...credential, mode: "chatgpt" });
}

async function collectDetails(
  { version, config, clock, health, refreshHolder }: Services,
  modelsFetchedAt: number | undefined,
  signal: AbortSignal,
): Promise<StatusDetails> {
  // With a bad origin setting the standard origin stands in; nobody asked for that one.
  const [lock, checked] = await Promise.all([
    refreshHolder(),
    hasProblem(config, "origins") ? [] : health(signal),
  ]);
  return {
    version,
    nodeVersion: process.version,
    clientVersion: config.clientVersion,
    stateDir: config.stateDir,
    modelListAgeMs: modelsFetchedAt === undefined ? undefined : clock.now() - modelsFetchedAt,
    lock,
    health: checked,
  };
}
