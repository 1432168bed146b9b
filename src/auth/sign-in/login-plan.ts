/** How a person signs in with ChatGPT; `auto` leaves it to the surroundings. */
export type SignInMethod = "auto" | "browser" | "device";

/** What the machine tells about the person in front of it. */
export interface LoginEnvironment {
  /** Node's name of the system: "linux", "darwin", "win32". */
  platform: string;
  ssh: boolean;
  /** A workspace in a browser tab, such as GitHub Codespaces. */
  codespaces: boolean;
  container: boolean;
  /** An X11 or Wayland display; means something on Linux only. */
  display: boolean;
  /** Linux inside Windows: the browser of Windows is used. */
  wsl: boolean;
  /** Whether there is a program that opens a URL. */
  opener: boolean;
  /** `CODEX_NO_BROWSER`. */
  noBrowser: boolean;
}

/** Why no browser is opened here; the first that holds is told. */
export type NoBrowserReason = "setting" | "codespaces" | "ssh" | "container" | "no-display" | "no-opener";

/** Why a login is not the usual one of a desktop. */
export type LoginReason =
  | { kind: "no-browser"; because: NoBrowserReason }
  /** Both callback ports are held; `said` names the holders, as one sentence. */
  | { kind: "ports-busy"; message: string };

export type LoginPlan = { method: "browser"; noBrowserReason: NoBrowserReason | undefined } | { method: "device" };

/**
 * Which login to begin, and what keeps a browser from being opened for it. An explicit `browser` is
 * opened where the person may well see it although the surroundings look remote (a forwarded
 * display, a container of the desktop); held ports are found only by listening, hence not here.
 */
export function planLogin(method: SignInMethod, host: LoginEnvironment): LoginPlan {
  if (method === "device") return { method: "device" };
  const [hindrance] = hindrances(host).filter(
    (one) => method === "auto" || !["codespaces", "ssh", "container"].includes(one),
  );
  return { method: "browser", noBrowserReason: hindrance };
}

function hindrances(host: LoginEnvironment): NoBrowserReason[] {
  const { noBrowser, codespaces, ssh, container, wsl, display, opener } = host;
  const screenless = host.platform === "linux" && !wsl && !display;
  const all: [NoBrowserReason, boolean][] = [
    ["setting", noBrowser],
    ["codespaces", codespaces],
    ["ssh", ssh],
    ["container", container],
    ["no-display", screenless],
    ["no-opener", !opener],
  ];
  return all.filter(([, holds]) => holds).map(([hindrance]) => hindrance);
}
