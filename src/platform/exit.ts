import { isatty } from "node:tty";

/** Longest time until a signal is delivered. */
const signalTimeoutMs = 1_000;

/** The standard streams that were terminals at the start. */
const terminals = [0, 1, 2].filter((fd) => isatty(fd));

/**
 * Ends this process with an exit code; if its terminal is gone, re-raises SIGHUP. Node 20 would abort there, since it
 * can't restore the terminal, and its core file would hold the tokens in memory.
 */
export function exitProcess(code: number): void {
  const hungUp = process.platform !== "win32" && !terminals.every((fd) => isatty(fd));
  if (!hungUp) process.exit(code);
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
  setTimeout(() => process.exit(code), signalTimeoutMs); // pid 1 of a container ignores the signal
}
