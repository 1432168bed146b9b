import { dirname, isAbsolute, join, normalize } from "node:path";
import { isLoopback } from "../shared/loopback.ts";
import type { SettingName } from "./settings.ts";
import { registeredPorts } from "../api/constants.ts";

/** What a tool may need; a problem in one does not touch tools that do without it. */
export type ConfigArea = "storage" | "state" | "auth" | "origins" | "ports";

/** Takes note of a setting that cannot be used. */
export type ReportProblem = (area: ConfigArea, setting: string, message: string) => void;
/** A variable's value; undefined where it is unset or empty. */
export type Get = (name: SettingName | "CLAUDE_CONFIG_DIR") => string | undefined;

/** Where the login file and the state folder are; empty where a setting spoils it. */
export function paths(
  get: Get,
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
    // Whoever serves it would see and could forge what is kept there, and a lost server would hang us.
    if (!/^[\\/]{2}/.test(path)) return usable("CODEX_STATE_DIR", path, "state");
    problem("state", "CODEX_STATE_DIR", "it is a network path.");
    return undefined;
  };
  const stateSetting = get("CODEX_STATE_DIR");
  if (!loginFile) {
    return { authFile: "", stateDir: (stateSetting && stateFolder(stateSetting)) ?? "" };
  }
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
  const stateDir =
    stateSetting === undefined ? authFile && join(dirname(authFile), "codex-oauth") : stateFolder(stateSetting);
  return { authFile: authFile ?? "", stateDir: stateDir ?? "" };
}

/** The origin to talk to: the override where it is sound, else the standard one. */
export function originSetting(
  setting: "CODEX_ISSUER" | "CODEX_BASE_URL",
  value: string | undefined,
  standard: string,
  problem: ReportProblem,
): string {
  if (value === undefined) return standard;
  const wrong = originProblem(value);
  // As URL writes it, so that other spellings of the standard origin are the standard one.
  if (wrong === undefined) return new URL(value.trim()).href.replace(/\/+$/, "");
  problem("origins", setting, wrong);
  return standard;
}

/** As `originSetting`, but only this machine may stand in for the standard origin. */
export function loopbackSetting(
  setting: "CODEX_API_BASE_URL",
  value: string | undefined,
  standard: string,
  problem: ReportProblem,
): string {
  if (value === undefined) return standard;
  const elsewhere = originProblem(value) === undefined && !isLoopback(new URL(value.trim()).hostname);
  const wrong = elsewhere ? "it is not on this machine." : originProblem(value);
  if (wrong === undefined) return new URL(value.trim()).href.replace(/\/+$/, "");
  problem("origins", setting, wrong);
  return standard;
}

/** What is wrong with an origin override; a token would follow it. */
function originProblem(value: string): string | undefined {
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

/** The ports to listen on; only the registered ones where the server knows no others. */
export function ports(value: string | undefined, registeredOnly: boolean, problem: ReportProblem): readonly number[] {
  if (value === undefined) return registeredPorts;
  const parts = value.split(",").map((part) => part.trim());
  const numbers = parts.map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : -1));
  if (numbers.some((port) => port < 0 || port > 65_535)) {
    problem("ports", "CODEX_CALLBACK_PORTS", "it is not a list of port numbers.");
    return registeredPorts;
  }
  if (registeredOnly && numbers.some((port) => !registeredPorts.includes(port))) {
    problem("ports", "CODEX_CALLBACK_PORTS", "OpenAI sends the browser back to ports 1455 and 1457 only.");
    return registeredPorts;
  }
  return numbers;
}
