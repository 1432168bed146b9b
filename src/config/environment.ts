import { isAbsolute, join, normalize } from "node:path";
import type { ProxySettings } from "../http/proxy.ts";
import type { CaFile } from "../http/tls.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The user's desktop session, from environment variables. */
interface DesktopSession {
  ssh: boolean;
  /** GitHub Codespaces, or a comparable workspace in a browser tab. */
  codespaces: boolean;
  /** There is an X11 or Wayland display; only meaningful on Linux. */
  display: boolean;
  /** WSL: can open the browser of Windows. */
  wsl: boolean;
  /** `$PATH`, which is searched for a program that opens URLs. */
  searchPath: string;
}

/** Variables that other programs define; their values are not validated. */
export interface ProcessEnvironment {
  desktop: DesktopSession;
  proxy: ProxySettings;
  caFiles: readonly CaFile[];
  /** `NODE_TLS_REJECT_UNAUTHORIZED=0`: certificates are not checked. */
  tlsUnverified: boolean;
  /** `OPENAI_API_KEY`; used only if the user chose it. */
  apiKey: string | undefined;
  /** `CODEX_HOME`, else `~/.codex`; empty if neither is known. */
  codexHome: string;
  /** The official client's login files, which are never written: in `CODEX_HOME` and in `~/.codex`. */
  officialLogins: readonly string[];
  /** `CLAUDE_CONFIG_DIR`, else `~/.claude`; empty if neither is known. */
  claudeHome: string;
  /** `%SystemRoot%`, the folder of Windows; without a meaning elsewhere. */
  systemRoot: string;
}

export function readProcessEnvironment(env: Environment, home: string): ProcessEnvironment {
  const get = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === "" ? undefined : value;
  };
  const caFiles = (["NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"] as const)
    .map((variable) => ({ variable, path: get(variable) }))
    .filter((file): file is CaFile => file.path !== undefined);
  return {
    desktop: {
      ssh: ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].some((name) => get(name) !== undefined),
      codespaces: ["CODESPACES", "GITPOD_WORKSPACE_ID"].some((name) => get(name) !== undefined),
      display: ["DISPLAY", "WAYLAND_DISPLAY"].some((name) => get(name) !== undefined),
      wsl: ["WSL_DISTRO_NAME", "WSL_INTEROP"].some((name) => get(name) !== undefined),
      searchPath: get("PATH") ?? "",
    },
    proxy: {
      httpProxy: get("http_proxy") ?? get("HTTP_PROXY"),
      httpsProxy: get("https_proxy") ?? get("HTTPS_PROXY"),
      noProxy: env["no_proxy"] ?? env["NO_PROXY"],
    },
    caFiles,
    tlsUnverified: get("NODE_TLS_REJECT_UNAUTHORIZED") === "0",
    apiKey: get("OPENAI_API_KEY"),
    codexHome: folderOf(get("CODEX_HOME"), home, ".codex"),
    officialLogins: [
      ...new Set([folderOf(get("CODEX_HOME"), home, ".codex"), folderOf(undefined, home, ".codex")]),
    ].flatMap((folder) => (folder === "" ? [] : [join(folder, "auth.json")])),
    claudeHome: folderOf(get("CLAUDE_CONFIG_DIR"), home, ".claude"),
    systemRoot: get("SystemRoot") ?? "C:\\Windows",
  };
}

function folderOf(setting: string | undefined, home: string, name: string): string {
  const path = setting ?? (isAbsolute(home) ? join(home, name) : "");
  return isAbsolute(path) && !path.includes("\0") ? normalize(path) : "";
}
