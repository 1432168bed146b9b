import type { ChildProcess } from "node:child_process";

/** A program, its arguments and its complete environment. */
export interface SpawnCommand {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

/** A child process that survives this one. */
export interface DetachedProcess {
  readonly pid: number | undefined;
  /** Never fails: `onEnd` reports a process that has ended. */
  send(message: unknown): void;
  /** Closes the channel, so that neither process keeps the other alive. */
  release(): void;
}

export interface DetachedEvents {
  onMessage: (message: unknown) => void;
  /** The process has ended, or failed to start. All its messages came before. */
  onEnd: () => void;
}

/**
 * Starts a process in its own session, which neither the terminal's signals nor the end of this process reach. Its
 * standard streams are ignored; messages travel over IPC.
 *
 * @throws the system's error if it can't create another process
 */
export async function startDetached(
  { command, args, env }: SpawnCommand,
  { onMessage, onEnd }: DetachedEvents,
): Promise<DetachedProcess> {
  const { spawn } = await import("node:child_process");
  const child: ChildProcess = spawn(command, args, {
    env,
    detached: true,
    windowsHide: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.on("message", onMessage);
  // "exit" may precede the last message; "disconnect" never does.
  child.once("disconnect", onEnd);
  child.on("error", onEnd);
  return {
    pid: child.pid,
    send: (message) => {
      if (child.connected) child.send(message as object, () => undefined);
    },
    release: () => {
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
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
