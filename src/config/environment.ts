import { isAbsolute, join, normalize } from "node:path";
import type { ProxySettings } from "../http/proxy.ts";
import type { CaFile } from "../http/tls.ts";

/** What the environment tells about the desk that a person sits at. */
export interface DesktopSession {
  /** The session came over SSH. */
  ssh: boolean;
  /** GitHub Codespaces or a comparable workspace in a browser. */
  codespaces: boolean;
  /** An X11 or Wayland display is named; means nothing outside Linux. */
  display: boolean;
  /** Linux inside Windows, which can open the browser of Windows. */
  wsl: boolean;
  /** `$PATH`, where an opener would be found. */
  searchPath: string;
}

/** What variables of other programs say; none of them is ours, and all are taken as they are. */
export interface HostEnvironment {
  desktop: DesktopSession;
  proxy: ProxySettings;
  caFiles: readonly CaFile[];
  /** `NODE_TLS_REJECT_UNAUTHORIZED=0`: certificates are not checked. */
  tlsUnverified: boolean;
  /** `OPENAI_API_KEY`; used only after the person's choice. */
  apiKey: string | undefined;
  /** Where the official client keeps its login; empty where nobody can tell. */
  codexHome: string;
  /** `CLAUDE_CONFIG_DIR`, else `~/.claude`; empty if neither is known. */
  claudeHome: string;
}

export function readHostEnvironment(env: Environment, home: string): HostEnvironment {
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
    claudeHome: folderOf(get("CLAUDE_CONFIG_DIR"), home, ".claude"),
  };
}

function folderOf(setting: string | undefined, home: string, name: string): string {
  const path = setting ?? (isAbsolute(home) ? join(home, name) : "");
  return isAbsolute(path) && !path.includes("\0") ? normalize(path) : "";
}
export type Environment = Readonly<Record<string, string | undefined>>;
