import { defaultApiBaseUrl, defaultBaseUrl, defaultClientVersion, defaultIssuer } from "../api/constants.ts";
import type { LoginEncryption } from "../auth/session/login-cipher.ts";
import { isReasoningEffort, type ReasoningEffort, reasoningEfforts } from "../models/effort.ts";
import { modelName } from "../models/model-name.ts";
import { isSettableKind, settableKinds, type SettableKind } from "../shared/credential-kind.ts";
import { CodexError } from "../shared/errors.ts";
import { isLoopback } from "../shared/loopback.ts";
import { isVersion } from "../shared/semver.ts";
import { baseUrlFor, type ConfigArea, isOpenAi, originSetting, paths, ports } from "./checks.ts";
import { readProcessEnvironment, type Environment, type ProcessEnvironment } from "./environment.ts";
import { type SettingName, settings } from "./settings.ts";

interface ConfigProblem {
  area: ConfigArea;
  setting: string;
  message: string;
}

export interface Config extends ProcessEnvironment {
  authFile: string;
  stateDir: string;
  /** `CODEX_ENCRYPT`; undefined: as the login is stored already. */
  encrypt: LoginEncryption;
  issuer: string;
  /** Without a trailing slash. */
  baseUrl: string;
  apiOrigin: string;
  /** Root of the API for keys, without a trailing slash. */
  apiBaseUrl: string;
  /** `CODEX_AUTH`, which overrides the stored preference. */
  auth: SettableKind | undefined;
  model: string | undefined;
  reasoningEffort: ReasoningEffort | undefined;
  clientVersion: string;
  idleTimeoutMs: number;
  callbackPorts: readonly number[];
  noBrowser: boolean;
  debug: boolean;
  /** Invalid settings without a default: tools that need their area answer `CONFIG`. */
  problems: readonly ConfigProblem[];
  /** Invalid settings that their default replaced, as sentences. */
  notices: readonly string[];
}

const idleRange = { min: 100, max: 30 * 60_000 };

/**
 * Reads the settings from the environment. It opens no files and takes nothing from the project folder.
 *
 * @param home the home folder; if it is empty or wrong, only what needs it has a problem
 * @param loginFile false: the login is stored elsewhere, so there is no path of an auth file
 */
export function loadConfig(env: Environment, home: string, loginFile = true): Config {
  const problems: ConfigProblem[] = [];
  const notices: string[] = [];
  const get = (name: SettingName | "CLAUDE_CONFIG_DIR"): string | undefined => {
    const value = env[name];
    return value === undefined || value.trim() === "" ? undefined : value;
  };
  const problem = (area: ConfigArea, setting: string, message: string): void => {
    problems.push({ area, setting, message });
  };

  const { authFile, stateDir } = paths(get, home, problem, loginFile);
  const encrypt = get("CODEX_ENCRYPT")?.trim().toLowerCase();
  const encryptOk = encrypt === undefined || encrypt === "keyring" || encrypt === "off";
  // No default: it could store what was meant to be encrypted.
  if (!encryptOk) problem("storage", "CODEX_ENCRYPT", "it is neither keyring nor off.");
  const issuer = originSetting("CODEX_ISSUER", get("CODEX_ISSUER"), defaultIssuer, problem);
  // What fits to an invalid issuer is unknown, so only the issuer is reported.
  const issuerKnown = !problems.some(({ setting }) => setting === "CODEX_ISSUER");
  const misfit = issuerKnown ? problem : () => undefined;
  const anyBaseUrl = originSetting("CODEX_BASE_URL", get("CODEX_BASE_URL"), defaultBaseUrl, problem);
  const baseUrl = baseUrlFor(issuer, anyBaseUrl, misfit);
  const apiBaseUrl = originSetting("CODEX_API_BASE_URL", get("CODEX_API_BASE_URL"), defaultApiBaseUrl, problem, true);
  const auth = get("CODEX_AUTH")?.trim();
  const authOk = auth === undefined || isSettableKind(auth);
  // No default: it would use another account, or charge it.
  if (!authOk) problem("auth", "CODEX_AUTH", `it is neither ${settableKinds.join(" nor ")}.`);
  const host = readProcessEnvironment(env, home);
  if (host.tlsUnverified && ![issuer, baseUrl].every(isOnThisMachine)) {
    problem("origins", "NODE_TLS_REJECT_UNAUTHORIZED", "it switches the check of certificates off.");
  }
  const replaced = (name: SettingName, accepted: string, standard: string): void => {
    notices.push(`${name} is not usable and was ignored (accepted: ${accepted}); using ${standard}.`);
  };

  const model = get("CODEX_MODEL")?.trim();
  const modelOk = model === undefined || modelName.test(model);
  if (!modelOk) replaced("CODEX_MODEL", "a model name such as gpt-6.1-sol", "the account's default");
  const effort = get("CODEX_REASONING_EFFORT")?.trim().toLowerCase();
  const effortOk = effort === undefined || isReasoningEffort(effort);
  if (!effortOk) replaced("CODEX_REASONING_EFFORT", reasoningEfforts.join(", "), "the model's default");
  const version = get("CODEX_CLIENT_VERSION")?.trim();
  const versionOk = version === undefined || isVersion(version);
  if (!versionOk) replaced("CODEX_CLIENT_VERSION", "a version such as 0.169.0", defaultClientVersion);
  const idle = get("CODEX_IDLE_TIMEOUT_MS")?.trim();
  const idleMs = idle === undefined ? 300_000 : /^\d{1,9}$/.test(idle) ? Number(idle) : NaN;
  const idleOk = idleMs >= idleRange.min && idleMs <= idleRange.max;
  if (!idleOk) replaced("CODEX_IDLE_TIMEOUT_MS", `${idleRange.min} to ${idleRange.max}`, "300000");

  return {
    authFile,
    stateDir,
    encrypt: encryptOk ? encrypt : undefined,
    issuer,
    baseUrl,
    apiOrigin: URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl,
    apiBaseUrl,
    auth: authOk ? auth : undefined,
    model: modelOk ? model : undefined,
    reasoningEffort: effortOk ? effort : undefined,
    clientVersion: versionOk && version !== undefined ? version : defaultClientVersion,
    idleTimeoutMs: idleOk ? idleMs : 300_000,
    callbackPorts: ports(get("CODEX_CALLBACK_PORTS"), isOpenAi(issuer), misfit),
    noBrowser: isOn(get("CODEX_NO_BROWSER")),
    debug: isOn(get("CODEX_DEBUG")),
    ...host,
    problems,
    notices,
  };
}

/** The option of a command in place of `CODEX_ENCRYPT`, which must not say the opposite: it would win the next time. */
export function withEncryption(config: Config, encrypt: NonNullable<Config["encrypt"]>): Config {
  const { encrypt: set = encrypt, problems } = config;
  if (set === encrypt) return { ...config, encrypt };
  const message = `it says ${set}, and the command says otherwise.`;
  return { ...config, problems: [...problems, { area: "storage", setting: "CODEX_ENCRYPT", message }] };
}

/** @throws CodexError `CONFIG` for the first problem in one of the areas */
export function assertConfigured(config: Config, areas: readonly ConfigArea[]): void {
  const problem = config.problems.find(({ area }) => areas.includes(area));
  if (problem === undefined) return;
  throw new CodexError("CONFIG", `${problem.setting} cannot be used: ${problem.message}`, {
    why: acceptedValues(problem.setting),
  });
}

/** The values that a setting accepts, as sentences. */
export function acceptedValues(setting: string): string {
  const known = settings.find(({ name }) => name === setting);
  if (known !== undefined) return `${setting} accepts ${known.accepts}.`;
  if (setting === "NODE_TLS_REJECT_UNAUTHORIZED") {
    return "Nobody could tell the service from somebody in between. Unset it, and name a company's own CA in NODE_EXTRA_CA_CERTS.";
  }
  return `${setting} accepts an absolute path; CODEX_AUTH_FILE can name the login file instead.`;
}

function isOnThisMachine(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["0", "false", "no", "off"].includes(value.trim().toLowerCase());
}

/** The hosts of services that aren't OpenAI's: the user must see where they sign in, and where questions go. */
export interface ForeignService {
  issuer: string;
  /** Gets the login's tokens and each question; undefined if it is the issuer itself. */
  api: string | undefined;
}

/** Undefined if the issuer is OpenAI's own. */
export function foreignService({
  issuer,
  apiOrigin,
}: Pick<Config, "issuer" | "apiOrigin">): ForeignService | undefined {
  if (isOpenAi(issuer)) return undefined;
  const { host, origin } = new URL(issuer);
  return { issuer: host, api: origin === apiOrigin ? undefined : new URL(apiOrigin).host };
}
