import { spawn } from "node:child_process";

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env: Record<string, string>;
  cwd: string;
  /** Default two minutes; what runs longer is killed, and the code is null. */
  timeoutMs?: number;
}

/** Run a program to its end, with nothing on its stdin. */
export function run(
  command: string,
  args: readonly string[],
  { env, cwd, timeoutMs = 120_000 }: RunOptions,
): Promise<Ran> {
  const child = spawn(command, args, {
    env,
    cwd,
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ran: Ran = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (ran.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (ran.stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", (code) => {
      resolve({ ...ran, code });
    });
  });
}
