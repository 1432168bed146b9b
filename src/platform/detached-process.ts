import type { ChildProcess } from "node:child_process";

/** A program, its arguments and its whole environment. */
export interface SpawnCommand {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
}

/** A process of our own that goes on when this one is killed. */
export interface DetachedProcess {
  readonly pid: number | undefined;
  /** Never fails: a process that has ended tells so by `onEnd`. */
  send(message: unknown): void;
  /** Say and hear no more; neither process waits for the other from now on. */
  release(): void;
}

export interface DetachedEvents {
  onMessage: (message: unknown) => void;
  /** It cannot say any more: it has ended, or it was never there. Everything it said came before. */
  onEnd: () => void;
}

/**
 * Start a process in a session of its own, which neither the terminal's signals nor the end of this process reach. Its
 * streams lead nowhere; the two talk over a private channel.
 *
 * @throws whatever the system says when there is no room for another process
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
  // The exit may be seen before the last message; the end of the channel may not.
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

/** Names of variables that may hold a secret. */
const secretName = /key|token|secret|passw|credential|cookie|bearer|auth(?!orized)/i;

/**
 * The environment without the variables that look like a secret by their names; no value is judged.
 *
 * @param needed names that stay all the same
 */
export function withoutSecrets(
  env: Readonly<Record<string, string | undefined>>,
  needed: readonly string[],
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => needed.includes(name) || !secretName.test(name)));
}
