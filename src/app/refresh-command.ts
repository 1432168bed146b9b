import { withoutSecrets, type SpawnCommand } from "../platform/detached-process.ts";
import { settings } from "../config/settings.ts";

/** The first argument that makes the program the process of a refresh; not for people. */
export const refreshArgument = "--refresh-process";

/** What a process knows of how it was started. */
export interface Start {
  execPath: string;
  execArgv: readonly string[];
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * How this same program is started as the process of a refresh: with the settings, no secret among its
 * arguments, and no variable whose name looks like one. Values are not judged: a password in a proxy's
 * URL goes along, since the refresh needs its proxy. Undefined where nobody can tell what runs.
 */
export function refreshCommand({ execPath, execArgv, argv, env }: Start): SpawnCommand | undefined {
  const [, entry] = argv;
  if (entry === undefined) return undefined;
  // A second debugger would only fight for the port.
  const options = execArgv.filter((option) => !option.startsWith("--inspect"));
  return {
    command: execPath,
    args: [...options, entry, refreshArgument],
    env: withoutSecrets(
      env,
      settings.map(({ name }) => name),
    ),
  };
}
