import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./programs.ts";

interface HostEnvironment {
  /** `process.platform` */
  platform: string;
  container: boolean;
  /** Whether a program that opens URLs is installed. */
  opener: boolean;
}

interface HostOptions {
  /** `$PATH` */
  searchPath: string;
  /** WSL reaches the opener of Windows, whatever the search path holds. */
  wsl: boolean;
  platform?: string;
  /** The folder that replaces `/`. */
  root?: string;
}

/** Detects where this process runs: reads a few small files, starts no program, caches nothing. */
export async function detectHost(options: HostOptions): Promise<HostEnvironment> {
  const { searchPath, wsl, platform = process.platform, root = "/" } = options;
  const [container, opener] = await Promise.all([
    platform === "linux" && isContainer(root),
    findOpener({ searchPath, wsl, platform }),
  ]);
  // macOS and Windows ship an opener.
  return { platform, container, opener: platform !== "linux" || wsl || opener !== undefined };
}

/** The opener's absolute path; undefined where the system has one at a fixed place (macOS, Windows, WSL), or none. */
export async function findOpener(options: Omit<HostOptions, "root">): Promise<string | undefined> {
  const { searchPath, wsl, platform = process.platform } = options;
  return platform === "linux" && !wsl ? findProgram("xdg-open", searchPath, platform) : undefined;
}

/**
 * Opens a URL in the user's browser. Resolves when the opener exits with 0, which may take as long as the browser runs.
 * Rejects if it can't be started or fails (xdg-open: exit 1 to 4). A sign-in goes on: its URL is also shown as text.
 *
 * @param opener absolute path of the program; undefined: the system's own. `open` starts that of macOS by its name, so
 *   `PATH` must have no relative folder.
 */
export async function openInBrowser(url: string, opener: string | undefined): Promise<void> {
  const { default: open } = await import("open");
  const started = await open(url, { wait: false, ...(opener !== undefined && { app: { name: opener } }) });
  await new Promise<void>((resolve, reject) => {
    const settle = (code: number | null): void => {
      if (code === 0) resolve();
      else reject(new Error(`the opener ended with ${code ?? "a signal"}`));
    };
    // Without a listener, an error of the detached process would crash this one.
    started.on("error", reject);
    // On Windows `open` itself waits for the exit.
    if (started.exitCode !== null) settle(started.exitCode);
    else started.once("exit", settle);
  });
}

/** Looks for the marker files of Docker and Podman, or a control group that names a container. */
async function isContainer(root: string): Promise<boolean> {
  if ([".dockerenv", "run/.containerenv"].some((marker) => existsSync(join(root, marker)))) return true;
  const groups = await Promise.all(
    ["proc/1/cgroup", "proc/self/cgroup"].map((file) => readFile(join(root, file), "utf8").catch(() => "")),
  );
  return groups.some((text) => /[/:-](docker|kubepods|libpod|lxc|containerd|crio)[/:._-]/.test(text));
}

/** The home folder, or an empty string if the system doesn't know one. */
export function systemHome(): string {
  try {
    return homedir();
  } catch {
    return ""; // a user without an entry in the user database
  }
}
