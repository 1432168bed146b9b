import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./programs.ts";

/** What files tell about where this process runs. */
export interface HostEnvironment {
  /** Node's name of the system. */
  platform: string;
  container: boolean;
  /** Whether a program that opens URLs is there. */
  opener: boolean;
}

export interface MachineOptions {
  /** `$PATH` */
  searchPath: string;
  /** The opener of Windows is reached through WSL, whatever the search path says. */
  wsl: boolean;
  platform?: string;
  /** The folder that stands for `/`. */
  root?: string;
}

/** Look at the machine anew; a few small files, no program is started. */
export async function detectHost(options: MachineOptions): Promise<HostEnvironment> {
  const { searchPath, wsl, platform = process.platform, root = "/" } = options;
  const [container, xdgOpen] = await Promise.all([
    platform === "linux" && isContainer(root),
    platform === "linux" && !wsl && findProgram("xdg-open", searchPath, platform),
  ]);
  // macOS and Windows bring their opener along.
  return { platform, container, opener: platform !== "linux" || wsl || Boolean(xdgOpen) };
}

/** The marks that Docker and Podman leave, or a control group that names a container. */
async function isContainer(root: string): Promise<boolean> {
  const marks = await Promise.all([".dockerenv", "run/.containerenv"].map((mark) => isThere(join(root, mark))));
  if (marks.includes(true)) return true;
  const groups = await Promise.all(
    ["proc/1/cgroup", "proc/self/cgroup"].map((file) => readFile(join(root, file), "utf8").catch(() => "")),
  );
  return groups.some((text) => /[/:-](docker|kubepods|libpod|lxc|containerd|crio)[/:._-]/.test(text));
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
/** The home folder, or an empty string where the system does not know one. */

export function systemHome(): string {
  try {
    return homedir();
  } catch {
    return ""; // a user without an entry in the user database
  }
}
