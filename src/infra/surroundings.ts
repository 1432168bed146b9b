import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** What files tell about where this process runs. */
export interface MachineFacts {
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
export async function lookAround(options: MachineOptions): Promise<MachineFacts> {
  const { searchPath, wsl, platform = process.platform, root = "/" } = options;
  const [container, xdgOpen] = await Promise.all([
    platform === "linux" && isContainer(root),
    platform === "linux" && !wsl && isOnPath("xdg-open", searchPath),
  ]);
  // macOS and Windows bring their opener along.
  return { platform, container, opener: platform !== "linux" || wsl || xdgOpen };
}

/** The marks that Docker and Podman leave, or a control group that names a container. */
async function isContainer(root: string): Promise<boolean> {
  const marks = await Promise.all(
    [".dockerenv", "run/.containerenv"].map((mark) => can(join(root, mark), constants.F_OK)),
  );
  if (marks.includes(true)) return true;
  const groups = await Promise.all(
    ["proc/1/cgroup", "proc/self/cgroup"].map((file) =>
      readFile(join(root, file), "utf8").catch(() => ""),
    ),
  );
  return groups.some((text) =>
    /[/:-](docker|kubepods|libpod|lxc|containerd|crio)[/:._-]/.test(text),
  );
}

async function isOnPath(program: string, searchPath: string): Promise<boolean> {
  const folders = searchPath.split(delimiter).filter((folder) => isAbsolute(folder));
  const found = await Promise.all(
    folders.map((folder) => can(join(folder, program), constants.X_OK)),
  );
  return found.includes(true);
}

async function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
