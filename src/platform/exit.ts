import { isatty } from "node:tty";

/** No signal takes longer. */
const ignoredMs = 1_000;

/** Which of the three streams were terminals at the start. */
const terminals = [0, 1, 2].filter((fd) => isatty(fd));

/**
 * End this process with an exit code; where its terminal has gone meanwhile, as a hang-up does. There Node 20 would
 * abort instead, since it cannot set that terminal back, and a core file of it holds whatever was in memory, tokens
 * among it.
 */
export function exitProcess(code: number): void {
  const hungUp = process.platform !== "win32" && !terminals.every((fd) => isatty(fd));
  if (!hungUp) process.exit(code);
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
  setTimeout(() => process.exit(code), ignoredMs); // the first process of a container ignores it
}
