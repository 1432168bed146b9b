/** A program, its arguments and its complete environment. */
export interface SpawnCommand {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

/** A child process that survives this one. */
export interface DetachedProcess {
  readonly pid: number | undefined;
  /** True once it has ended, or could not be started. */
  readonly ended: boolean;
}

/**
 * Starts a process in its own session, which neither the terminal's signals nor the end of this process reach. It has no
 * streams and no channel, and keeps this process from ending as little as this one keeps it.
 *
 * @throws the system's error if it can't create another process
 */
export async function startDetached({ command, args, env }: SpawnCommand): Promise<DetachedProcess> {
  const { spawn } = await import("node:child_process");
  const child = spawn(command, args, { env, detached: true, windowsHide: true, stdio: "ignore" });
  const state = { pid: child.pid, ended: false };
  const end = (): void => {
    state.ended = true;
  };
  child.once("exit", end).once("error", end);
  child.unref();
  return state;
}

/** Names of variables that probably hold a secret. */
const secretName = /key|token|secret|passw|credential|cookie|bearer|auth(?!orized)/i;

/**
 * The environment without the variables whose names look like secrets; values are not checked.
 *
 * @param needed names to keep anyway, in capitals
 */
export function withoutSecrets(
  env: Readonly<Record<string, string | undefined>>,
  needed: readonly string[],
): Record<string, string | undefined> {
  // On Windows, the case of a name is as the user wrote it, and without a meaning.
  const isNeeded = (name: string): boolean => needed.includes(name.toUpperCase());
  return Object.fromEntries(Object.entries(env).filter(([name]) => isNeeded(name) || !secretName.test(name)));
}
