import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { claudeProgram } from "../../support/claude-code.ts";
import { installFromClone, type Installed } from "./install.ts";
import { hasTmux } from "./processes.ts";

declare module "vitest" {
  export interface ProvidedContext {
    installed: Installed;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const claude = claudeProgram();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "codex-oauth-claude-")));
  const installed: Installed = {
    claude,
    repository: join(folder, "repository"),
    clone: join(folder, "clone"),
    config: join(folder, "config"),
  };
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    commitWorkingCopy(installed.repository);
    execFileSync("git", ["clone", "--quiet", installed.repository, installed.clone]);
    installFromClone(installed, folder);
  } catch (error) {
    await remove();
    throw error;
  }
  if (!hasTmux) process.stderr.write("not run here, without tmux: what a terminal shows\n");
  project.provide("installed", installed);
  return remove;
}

/** Tracked files and new ones, as they are now: on a clean checkout exactly the commit. */
function commitWorkingCopy(repository: string): void {
  const root = join(import.meta.dirname, "../../..");
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const files = execFileSync("git", list, { cwd: root, encoding: "utf8" }).split("\0");
  for (const file of files.filter((name) => name !== "")) {
    mkdirSync(dirname(join(repository, file)), { recursive: true });
    try {
      cpSync(join(root, file), join(repository, file));
    } catch {
      // Deleted here and not committed yet.
    }
  }
  const git = (...args: string[]): void => {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.test"];
    execFileSync("git", [...identity, ...args], { cwd: repository, stdio: "ignore" });
  };
  git("init", "--initial-branch=main");
  git("add", "--all", "--force");
  git("commit", "--message", "The working copy");
}
