import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { claudeEnvironment } from "../../support/claude-code.ts";

/** What npm needs to reach the registry as it does for whoever runs the tests. */
export function npmEnvironment(): Record<string, string> {
  const names = ["NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy"];
  const settings = [...names, ...Object.keys(process.env).filter((name) => /^npm_config_/i.test(name))]
    .map((name) => [name, process.env[name]] as const)
    .filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    NPM_CONFIG_USERCONFIG: join(homedir(), ".npmrc"),
    NPM_CONFIG_CACHE: join(homedir(), ".npm"),
    ...Object.fromEntries(settings),
  };
}

/** The README's way: `npm ci`, then the clone as a marketplace, then the plugin out of it. */
export function installFromClone({ claude, clone, config }: Installed, home: string): void {
  const env = { ...claudeEnvironment(home, config), ...npmEnvironment() };
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, {
      cwd: clone,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  run("npm", "ci");
  run(claude, "plugin", "marketplace", "add", "./");
  run(claude, "plugin", "install", "codex-oauth@codex-oauth");
}
/** What is fetched and installed once for the whole suite. */

export interface Installed {
  /** Claude Code's program. */
  claude: string;
  /** A Git repository with what would be committed of this working copy. */
  repository: string;
  /** A clone of it that was installed as the README says. */
  clone: string;
  /** A Claude configuration folder with the plugin; tests work with copies. */
  config: string;
}
