import { dirname, isAbsolute, join, normalize } from "node:path";
import { defaultBaseUrl, defaultIssuer, registeredPorts } from "../api/constants.ts";
import { isLoopback } from "../shared/loopback.ts";
import type { SettingName } from "./settings.ts";

/** What a tool may need; a problem in one area doesn't affect tools that don't need it. */
export type ConfigArea = "storage" | "state" | "auth" | "origins" | "ports";

type ReportProblem = (area: ConfigArea, setting: string, message: string) => void;

/**
 * Paths of the auth file and the state folder; empty if a setting is invalid.
 *
 * @param get a variable's value; undefined if it is unset or empty
 */
export function paths(
  get: (name: SettingName | "CLAUDE_CONFIG_DIR") => string | undefined,
  home: string,
  problem: ReportProblem,
  loginFile: boolean,
): { authFile: string; stateDir: string } {
  const usable = (
    setting: SettingName | "CLAUDE_CONFIG_DIR" | "HOME",
    path: string,
    area: ConfigArea = "storage",
  ): string | undefined => {
    if (/[\0\r\n]/.test(path)) problem(area, setting, "it holds control characters.");
    else if (!isAbsolute(path)) problem(area, setting, "it is not an absolute path.");
    else return normalize(path);
    return undefined;
  };
  const stateFolder = (path: string): string | undefined => {
    // Its server could read and forge the state, and would hang the program if it is lost.
    if (!/^[\\/]{2}/.test(path)) return usable("CODEX_STATE_DIR", path, "state");
    problem("state", "CODEX_STATE_DIR", "it is a network path.");
    return undefined;
  };
  const stateSetting = get("CODEX_STATE_DIR");
  if (!loginFile) return { authFile: "", stateDir: (stateSetting && stateFolder(stateSetting)) ?? "" };
  const authSetting = get("CODEX_AUTH_FILE");
  const claudeFolder = get("CLAUDE_CONFIG_DIR");
  let authFile: string | undefined;
  if (authSetting !== undefined) {
    authFile = usable("CODEX_AUTH_FILE", authSetting);
  } else if (claudeFolder !== undefined) {
    const folder = usable("CLAUDE_CONFIG_DIR", claudeFolder);
    authFile = folder && join(folder, "auth.json");
  } else {
    const folder = usable("HOME", home);
    authFile = folder && join(folder, ".claude", "auth.json");
  }
  const stateDir =
    stateSetting === undefined ? authFile && join(dirname(authFile), "codex-oauth") : stateFolder(stateSetting);
  return { authFile: authFile ?? "", stateDir: stateDir ?? "" };
}

/**
 * The origin from a setting, else the standard one.
 *
 * @param loopbackOnly only this machine may replace the standard origin
 */
export function originSetting(
  setting: "CODEX_ISSUER" | "CODEX_BASE_URL" | "CODEX_API_BASE_URL",
  value: string | undefined,
  standard: string,
  problem: ReportProblem,
  loopbackOnly = false,
): string {
  if (value === undefined) return standard;
  const wrong = originProblem(value, loopbackOnly);
  // `URL` normalizes other spellings of the standard origin.
  if (wrong === undefined) return new URL(value.trim()).href.replace(/\/+$/, "");
  problem("origins", setting, wrong);
  return standard;
}

/** What is wrong with an origin override, to which tokens would be sent. */
function originProblem(value: string, loopbackOnly: boolean): string | undefined {
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
  const local = isLoopback(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && local)) {
    return loopbackOnly && !local ? "it is not on this machine." : undefined;
  }
  return "it is neither https: nor http: on this machine (127.0.0.1, [::1], localhost).";
}

/** Whether the authorization server is OpenAI's own, whose page in the browser names no other host. */
export function isOpenAi(issuer: string): boolean {
  return new URL(issuer).origin === defaultIssuer;
}

/**
 * The API's root, else the standard one if this issuer's tokens must not go there. Those of OpenAI go to OpenAI alone.
 * Any program can listen on this machine, so tokens stay on it only if they come from it.
 */
export function baseUrlFor(issuer: string, baseUrl: string, problem: ReportProblem): string {
  const { protocol, hostname, port } = new URL(baseUrl);
  const standard = new URL(defaultBaseUrl).hostname;
  const openAis = protocol === "https:" && port === "" && `.${hostname}`.endsWith(`.${standard}`);
  const wrong = isOpenAi(issuer)
    ? !openAis && `a login of ${new URL(defaultIssuer).host} goes only to https: on ${standard} or a host below it.`
    : isLoopback(hostname) &&
      !isLoopback(new URL(issuer).hostname) &&
      "it is on this machine, and CODEX_ISSUER is not.";
  if (wrong === false) return baseUrl;
  problem("origins", "CODEX_BASE_URL", wrong);
  return defaultBaseUrl;
}

/** The callback ports; with `registeredOnly` no others than those that the server knows. */
export function ports(value: string | undefined, registeredOnly: boolean, problem: ReportProblem): readonly number[] {
  if (value === undefined) return registeredPorts;
  const parts = value.split(",").map((part) => part.trim());
  const numbers = parts.map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : -1));
  const wrong = numbers.some((port) => port < 0 || port > 65_535)
    ? "it is not a list of port numbers."
    : registeredOnly && numbers.some((port) => !registeredPorts.includes(port))
      ? "OpenAI sends the browser back to ports 1455 and 1457 only."
      : undefined;
  if (wrong === undefined) return numbers;
  problem("ports", "CODEX_CALLBACK_PORTS", wrong);
  return registeredPorts;
}
