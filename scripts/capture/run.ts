import { spawn } from "node:child_process";

/**
 * Everything that a program prints on a pseudo-terminal, made by util-linux's `script`.
 *
 * @throws Error when it ends otherwise than with 0
 */
export async function outputOnTerminal(
  command: readonly string[],
  env: Record<string, string>,
  columns: number,
): Promise<string> {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const line = `stty cols ${columns} rows 40; exec ${quoted}`;
  const child = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...env, SHELL: "/bin/sh", TERM: "xterm-256color" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${String(code)}:\n${output}`);
  return output;
}
