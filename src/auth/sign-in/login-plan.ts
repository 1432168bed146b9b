/** How the user signs in with ChatGPT; `auto` depends on the host. */
export const signInMethods = ["auto", "browser", "device"] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** What decides whether a browser can be opened. */
export interface LoginEnvironment {
  /** Node's `process.platform`. */
  platform: string;
  ssh: boolean;
  /** GitHub Codespaces, or a comparable workspace in a browser tab. */
  codespaces: boolean;
  container: boolean;
  /** There is an X11 or Wayland display; only meaningful on Linux. */
  display: boolean;
  /** WSL: opens the browser of Windows. */
  wsl: boolean;
  /** There is a program that opens URLs. */
  opener: boolean;
  /** What forbids a browser, if anything does. */
  noBrowser: "setting" | "option" | undefined;
}

/** Why no browser is opened: the setting `CODEX_NO_BROWSER`, the library's option `openBrowser`, or the host. */
export type NoBrowserReason = "setting" | "option" | "codespaces" | "ssh" | "container" | "no-display" | "no-opener";

/** Why a login differs from that of a desktop. */
export type LoginReason =
  | { kind: "no-browser"; because: NoBrowserReason }
  /** Other programs listen on the callback ports; `message` is a sentence that names them. */
  | { kind: "ports-busy"; message: string };

type LoginPlan = { method: "browser"; noBrowserReason: NoBrowserReason | undefined } | { method: "device" };

/**
 * Which login to begin, and why no browser is opened for it. With an explicit `browser` it opens on hosts that look
 * remote too: the user may see it by a forwarded display or in a desktop's container. Busy ports show only at listening.
 */
export function planLogin(method: SignInMethod, host: LoginEnvironment): LoginPlan {
  if (method === "device") return { method: "device" };
  const auto = method === "auto";
  const { platform, noBrowser, codespaces, ssh, container, wsl, display, opener } = host;
  const reasons: [NoBrowserReason, boolean][] = [
    [noBrowser ?? "setting", noBrowser !== undefined],
    ["codespaces", auto && codespaces],
    ["ssh", auto && ssh],
    ["container", auto && container],
    ["no-display", platform === "linux" && !wsl && !display],
    ["no-opener", !opener],
  ];
  return { method: "browser", noBrowserReason: reasons.find(([, applies]) => applies)?.[0] };
}
