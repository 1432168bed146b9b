import { settings } from "../config/settings.ts";
import { withoutSecrets, type SpawnCommand } from "../platform/detached-process.ts";

/**
 * The first argument that starts the program as the refresh process; not for users. The fingerprint of the access token
 * to replace and "urgent" or "early" follow.
 */
export const refreshArgument = "--refresh-process";

/**
 * The command that starts this program as the refresh process; undefined if the entry point is unknown. It passes the
 * settings on, no secret in an argument, and no variable whose name looks like a secret's. Values aren't checked: a
 * password in a proxy's URL is passed on, since the refresh needs its proxy.
 */
export function refreshCommand({
  execPath,
  execArgv,
  argv,
  env,
}: Pick<NodeJS.Process, "execPath" | "execArgv" | "argv" | "env">): SpawnCommand | undefined {
  const [, entry] = argv;
  if (entry === undefined) return undefined;
  // A second debugger would only fight for the port.
  const options = execArgv.filter((option) => !option.startsWith("--inspect"));
  const names = settings.map(({ name }) => name);
  return { command: execPath, args: [...options, entry, refreshArgument], env: withoutSecrets(env, names) };
}
