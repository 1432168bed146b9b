import { homedir } from "node:os";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { isReasoningEffort, reasoningEfforts, type ReasoningEffort } from "./core/effort.ts";
import { CodexError } from "./core/errors.ts";
import { isVersion } from "./core/version.ts";
import { isLoopback, type ProxySettings } from "./infra/proxy.ts";
import {
  defaultBaseUrl,
  defaultClientVersion,
  defaultIssuer,
  registeredPorts,
} from "./wire/constants.ts";
import { settings, type SettingName } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a tool may need; a problem in one does not touch tools that do without it. */
export type ConfigArea = "storage" | "origins" | "ports";

export interface ConfigProblem {
  area: ConfigArea;
  setting: string;
  message: string;
}

export interface Config {
  authFile: string;
  stateDir: string;
  issuer: string;
  /** Without a trailing slash. */
  baseUrl: string;
  apiOrigin: string;
  model: string | undefined;
  reasoningEffort: ReasoningEffort | undefined;
  clientVersion: string;
  idleTimeoutMs: number;
  callbackPorts: readonly number[];
  noBrowser: boolean;
  debug: boolean;
  proxy: ProxySettings;
  /** Settings that make something impossible: the tools that need it answer CONFIG. */
  problems: readonly ConfigProblem[];
  /** Settings that were replaced by their default. */
  notices: readonly string[];
}

const idleRange = { min: 100, max: 30 * 60_000 };

/**
 * The settings, read once. Nothing here looks at files, and nothing comes from the project folder.
 *
 * @param home the home folder; may be empty or wrong, which matters only where it is needed
 */
export function loadConfig(env: Environment, home: string): Config {
  const problems: ConfigProblem[] = [];
  const notices: string[] = [];
  const get = (name: SettingName | "CLAUDE_CONFIG_DIR"): string | undefined => {
    const value = env[name];
    return value === undefined || value.trim() === "" ? undefined : value;
  };
  const problem = (area: ConfigArea, setting: string, message: string): void => {
    problems.push({ area, setting, message });
  };

  const { authFile, stateDir } = paths(get, home, problem);
  const issuer = originSetting("CODEX_ISSUER", get("CODEX_ISSUER"), defaultIssuer, problem);
  const baseUrl = originSetting("CODEX_BASE_URL", get("CODEX_BASE_URL"), defaultBaseUrl, problem);
  const replaced = (name: SettingName, accepted: string, standard: string): void => {
    notices.push(
      `${name} is not usable and was ignored (accepted: ${accepted}); using ${standard}.`,
    );
  };

  const model = get("CODEX_MODEL")?.trim();
  const modelOk = model === undefined || /^[A-Za-z0-9][\w.:-]{0,99}$/.test(model);
  if (!modelOk)
    replaced("CODEX_MODEL", "a model name such as gpt-6.1-sol", "the account's default");
  const effort = get("CODEX_REASONING_EFFORT")?.trim().toLowerCase();
  const effortOk = effort === undefined || isReasoningEffort(effort);
  if (!effortOk)
    replaced("CODEX_REASONING_EFFORT", reasoningEfforts.join(", "), "the model's default");
  const version = get("CODEX_CLIENT_VERSION")?.trim();
  const versionOk = version === undefined || isVersion(version);
  if (!versionOk)
    replaced("CODEX_CLIENT_VERSION", "a version such as 0.169.0", defaultClientVersion);
  const idle = get("CODEX_IDLE_TIMEOUT_MS")?.trim();
  const idleMs = idle === undefined ? 300_000 : /^\d{1,9}$/.test(idle) ? Number(idle) : NaN;
  const idleOk = idleMs >= idleRange.min && idleMs <= idleRange.max;
  if (!idleOk) replaced("CODEX_IDLE_TIMEOUT_MS", `${idleRange.min} to ${idleRange.max}`, "300000");

  return {
    authFile,
    stateDir,
    issuer,
    baseUrl,
    apiOrigin: URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl,
    model: modelOk ? model : undefined,
    reasoningEffort: effortOk ? effort : undefined,
    clientVersion: versionOk && version !== undefined ? version : defaultClientVersion,
    idleTimeoutMs: idleOk ? idleMs : 300_000,
    callbackPorts: ports(get("CODEX_CALLBACK_PORTS"), issuer === defaultIssuer, problem),
    noBrowser: isOn(get("CODEX_NO_BROWSER")),
    debug: isOn(get("CODEX_DEBUG")),
    proxy: {
      httpProxy: proxyUrl(env, "http_proxy"),
      httpsProxy: proxyUrl(env, "https_proxy"),
      noProxy: env["no_proxy"] ?? env["NO_PROXY"],
    },
    problems,
    notices,
  };
}

/** The home folder, or an empty string where the system does not know one. */
export function systemHome(): string {
  try {
    return homedir();
  } catch {
    return ""; // a user without an entry in the user database
  }
}

/** @throws CodexError `CONFIG` for the first problem in one of the areas. */
export function assertConfigured(config: Config, areas: readonly ConfigArea[]): void {
  const problem = config.problems.find(({ area }) => areas.includes(area));
  if (problem === undefined) return;
  throw new CodexError("CONFIG", `${problem.setting} cannot be used: ${problem.message}`, {
    why: acceptedValues(problem.setting),
  });
}

function acceptedValues(setting: string): string {
  const known = settings.find(({ name }) => name === setting);
  if (known !== undefined) return `${setting} accepts ${known.accepts}.`;
  // Variables of others, which only say where our files stand.
  return `${setting} accepts an absolute path; CODEX_AUTH_FILE can name the login file instead.`;
}

type Report = (area: ConfigArea, setting: string, message: string) => void;
type Get = (name: SettingName | "CLAUDE_CONFIG_DIR") => string | undefined;

function paths(get: Get, home: string, problem: Report): { authFile: string; stateDir: string } {
  const usable = (
    setting: SettingName | "CLAUDE_CONFIG_DIR" | "HOME",
    path: string,
  ): string | undefined => {
    if (/[\0\r\n]/.test(path)) problem("storage", setting, "it holds control characters.");
    else if (!isAbsolute(path)) problem("storage", setting, "it is not an absolute path.");
    else return normalize(path);
    return undefined;
  };
  const authSetting = get("CODEX_AUTH_FILE");
  const claudeFolder = get("CLAUDE_CONFIG_DIR");
  let authFile: string | undefined;
  if (authSetting !== undefined) {
    authFile = usable("CODEX_AUTH_FILE", authSetting);
  } else if (claudeFolder !== undefined) {
    const folder = usable("CLAUDE_CONFIG_DIR", claudeFolder);
    authFile = folder === undefined ? undefined : join(folder, "auth.json");
  } else {
    const folder = usable("HOME", home);
    authFile = folder === undefined ? undefined : join(folder, ".claude", "auth.json");
  }
  const stateSetting = get("CODEX_STATE_DIR");
  const stateDir =
    stateSetting === undefined
      ? authFile && join(dirname(authFile), "codex-oauth")
      : usable("CODEX_STATE_DIR", stateSetting);
  return { authFile: authFile ?? "", stateDir: stateDir ?? "" };
}

function originSetting(
  setting: "CODEX_ISSUER" | "CODEX_BASE_URL",
  value: string | undefined,
  standard: string,
  problem: Report,
): string {
  if (value === undefined) return standard;
  const wrong = originFault(value);
  // As URL writes it, so that other spellings of the standard origin are the standard one.
  if (wrong === undefined) return new URL(value.trim()).href.replace(/\/+$/, "");
  problem("origins", setting, wrong);
  return standard;
}

/** What is wrong with an origin override; a token would follow it. */
function originFault(value: string): string | undefined {
  const text = value.trim();
  if (!/^[\x21-\x7e]+$/.test(text)) return "it holds characters that do not belong into a URL.";
  if (!URL.canParse(text)) return "it is not a URL.";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || text.includes("@")) return "it names a user.";
  if (/[?#\\]/.test(text)) return "it has a query, a fragment or a backslash.";
  if (url.hostname.endsWith(".")) return "its host ends in a dot.";
  if (url.hostname.split(".").some((label) => label.startsWith("xn--"))) {
    return "its host is an international name.";
  }
  if (url.protocol === "https:") return undefined;
  if (url.protocol === "http:" && isLoopback(url.hostname)) return undefined;
  return "it is neither https: nor http: on this machine (127.0.0.1, [::1], localhost).";
}

function ports(
  value: string | undefined,
  registeredOnly: boolean,
  problem: Report,
): readonly number[] {
  if (value === undefined) return registeredPorts;
  const parts = value.split(",").map((part) => part.trim());
  const numbers = parts.map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : -1));
  if (numbers.some((port) => port < 0 || port > 65_535)) {
    problem("ports", "CODEX_CALLBACK_PORTS", "it is not a list of port numbers.");
    return registeredPorts;
  }
  if (registeredOnly && numbers.some((port) => !registeredPorts.includes(port))) {
    problem(
      "ports",
      "CODEX_CALLBACK_PORTS",
      "OpenAI sends the browser back to ports 1455 and 1457 only.",
    );
    return registeredPorts;
  }
  return numbers;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["0", "false", "no", "off"].includes(value.trim().toLowerCase());
}

function proxyUrl(env: Environment, name: "http_proxy" | "https_proxy"): string | undefined {
  const value = env[name] ?? env[name.toUpperCase()];
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}
