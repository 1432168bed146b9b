import { accountOf } from "../auth/account.ts";
import type { CredentialChooser } from "../auth/chooser.ts";
import type { ActiveCredential, CredentialSource } from "../auth/credential-source.ts";
import type { TokenManager } from "../auth/session/token-manager.ts";
import type { PendingLogin } from "../auth/sign-in/login-attempt.ts";
import type { LoginManager } from "../auth/sign-in/login-manager.ts";
import type { ConfigArea } from "../config/checks.ts";
import type { Config } from "../config/config.ts";
import type { ModelCatalog } from "../models/catalog.ts";
import type { Quota } from "../quota/quota.ts";
import type { QuotaCache } from "../quota/quota-cache.ts";
import { listFormatOf } from "../models/list-formats.ts";
import { defaultModel } from "../models/model.ts";
import type { CredentialKind } from "../shared/credential-kind.ts";
import { type CodexError, toCodexError } from "../shared/errors.ts";
import type { DoctorReport } from "./finding.ts";

/** A pending sign-in, without the code of a device sign-in. */
type PendingLoginStatus =
  | { method: "browser"; authorizationUrl: string; endsAt: number }
  | { method: "device"; verificationUrl: string; endsAt: number };

/** State of login, plan, quota and configuration. */
export interface Status {
  /** Whether a query would have a usable credential. */
  signedIn: boolean;
  /** The kind of the active credential. */
  mode: CredentialKind;
  /** The setting that selects the kind; undefined if the stored choice does. */
  decidedBy: "CODEX_AUTH" | undefined;
  /** Masked; undefined with an API key. */
  account: string | undefined;
  plan: string | undefined;
  /** The masked account of a ChatGPT login that is kept, but not used while another way is chosen. */
  setAside: string | undefined;
  /** Epoch ms. */
  expiresAt: number | undefined;
  authFile: string;
  /** The login in it is encrypted with a key in the system's keyring; undefined if there is no login that can be read. */
  encrypted: boolean | undefined;
  /** The Codex CLI's file, which is only read. */
  guestFile: string | undefined;
  issuer: string;
  apiOrigin: string;
  defaultModel: string | undefined;
  quota: Quota | undefined;
  /** Why the login can't be used as it is; a sentence if no error occurred. */
  trouble: CodexError | string | undefined;
  pendingLogin: PendingLoginStatus | undefined;
  /** Error of this process's last sign-in, until a call has reported it. */
  failedLogin: CodexError | undefined;
  problems: readonly string[];
  logFile: string | undefined;
  /** The doctor's report, if requested. */
  details: DoctorReport | undefined;
}

interface StatusDeps {
  credentials: Pick<CredentialChooser, "current" | "defaultSource" | "setAside">;
  tokens: Pick<TokenManager, "state">;
  login: Pick<LoginManager, "pending" | "failure">;
  catalog: Pick<ModelCatalog, "cached">;
  quota: Pick<QuotaCache, "lastSeen">;
  config: Config;
  /** Path of the debug log, if it is written. */
  logFile: string | undefined;
  /** Problems beyond the program's own settings, one sentence each. */
  surroundingNotices: () => Promise<readonly string[]>;
  /** Runs the doctor, if its report is requested. */
  details: (() => Promise<DoctorReport>) | undefined;
}

/** Collects the status. Writes nothing; only `details` uses the network. */
export async function collectStatus(deps: StatusDeps): Promise<Status> {
  const { config, tokens, login, catalog, quota, logFile, surroundingNotices, details } = deps;
  const { source, credential, usable, trouble } = await activeCredential(deps);
  const cachedList = credential && (await catalog.cached(credential));
  const pending = login.pending;
  return {
    signedIn: usable,
    mode: source.kind,
    decidedBy: config.auth === undefined ? undefined : "CODEX_AUTH",
    account: credential && accountOf(credential),
    plan: credential?.plan,
    setAside: await deps.credentials.setAside(),
    expiresAt: credential?.expiresAt,
    authFile: config.authFile,
    encrypted: credential?.kind === "chatgpt" ? (await tokens.state()).encrypted : undefined,
    guestFile: source.guestFile,
    issuer: config.issuer,
    apiOrigin: new URL(source.baseUrl).origin,
    defaultModel: config.model ?? defaultModel((cachedList ?? listFormatOf(source).bundled).models)?.slug,
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

/** The credential that a query would use now. An invalid setting makes it unusable, but doesn't hide its account. */
async function activeCredential({ credentials, config }: StatusDeps): Promise<Active> {
  const invalid = (...areas: ConfigArea[]): boolean => config.problems.some(({ area }) => areas.includes(area));
  const none = { source: credentials.defaultSource, credential: undefined, usable: false };
  if (invalid("storage")) return { ...none, trouble: misconfigured };
  try {
    const source = await credentials.current();
    const { credential, usable, trouble } = await source.inspect();
    if (invalid("origins", "state", "auth")) return { source, credential, usable: false, trouble: misconfigured };
    return {
      source,
      // A login for another origin doesn't count as signed in.
      credential: trouble?.code === "AUTH_REQUIRED" ? undefined : credential,
      usable,
      trouble: usable ? trouble?.message : trouble,
    };
  } catch (thrown) {
    return { ...none, trouble: toCodexError(thrown) };
  }
}

function pendingStatus(pending: PendingLogin): PendingLoginStatus {
  const { endsAt } = pending;
  return pending.method === "browser"
    ? { method: pending.method, authorizationUrl: pending.authorizationUrl, endsAt }
    : { method: pending.method, verificationUrl: pending.verificationUrl, endsAt };
}
