import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { composeCodex } from "../app/compose.ts";
import { systemRuntime } from "../app/runtime.ts";
import { exitProcess } from "../platform/exit.ts";
import { defaultLimits } from "../shared/limits.ts";
import { version } from "../shared/version.ts";
import { exitCodes } from "./exit-codes.ts";
import { withEncryption } from "../config/config.ts";
import { runCommand, Interrupted } from "./run-command.ts";
import { wantsColors, type Terminal } from "./terminal/terminal.ts";

/** Longer than any run; the timer only keeps the process alive while a promise is pending. */
const keepAliveMs = 2 ** 30;

/** Runs one command in this process, and ends it with the command's exit code. */
export async function runCli(args: readonly string[]): Promise<void> {
  const { stdout, stderr } = process;
  Object.assign(console, new console.Console(stderr)); // output of a library is no answer
  const aborter = new AbortController();
  const stop = (exitCode: number): void => {
    aborter.abort(new Interrupted(exitCode));
  };
  let broken: number | undefined;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (broken !== undefined) return;
    // A reader that stops reading is no failure (`| head`).
    broken = error.code === "EPIPE" ? exitCodes.ok.code : exitCodes.failed.code;
    if (error.code !== "EPIPE") {
      stderr.write(`codex-oauth: stdout cannot be written: ${error.code ?? "unknown"}\n`);
    }
    stop(broken);
  });
  stderr.on("error", () => undefined);
  const interrupt = (): void => {
    // The second interrupt ends the process at once, whatever is still under way.
    if (aborter.signal.aborted) exitProcess(exitCodes.interrupted.code);
    stop(exitCodes.interrupted.code);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  // A closing terminal sends it twice: to the session's leader and to the foreground processes.
  process.on("SIGHUP", () => {
    stop(exitCodes.interrupted.code);
  });
  const crash = (thrown: unknown): void => {
    const name = thrown instanceof Error ? thrown.name : "a thrown value";
    stderr.write(`INTERNAL: codex-oauth met a case that it does not handle (${name}).\n`);
    exitProcess(exitCodes.failed.code);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);

  const keepAlive = setInterval(() => undefined, keepAliveMs);
  const code = await runCommand(args, {
    terminal: systemTerminal(),
    version,
    signal: aborter.signal,
    interrupt,
    packageRoot: packageRootOf(process.argv[1]),
    open: ({ noBrowser, encrypt }) => {
      const runtime = systemRuntime(defaultLimits);
      if (noBrowser) runtime.config = { ...runtime.config, noBrowser };
      if (encrypt !== undefined) runtime.config = withEncryption(runtime.config, encrypt);
      return composeCodex(runtime).codex;
    },
  });
  clearInterval(keepAlive);
  await Promise.all([stdout, stderr].map(flush));
  exitProcess(broken ?? code);
}

/** The parent of bin/ or dist/, which the started file is in once links are resolved. */
function packageRootOf(started: string | undefined): string | undefined {
  if (started === undefined) return undefined;
  try {
    return dirname(dirname(realpathSync(started)));
  } catch {
    return undefined;
  }
}

function systemTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const stderrIsTty = stderr.isTTY;
  return {
    stdin: withoutTerminalErrors(stdin),
    stdout,
    stderr,
    stdinIsTty: stdin.isTTY,
    stdoutIsTty: stdout.isTTY,
    stderrIsTty,
    columns: () => stderr.columns || 80,
    colors: wantsColors(process.env, stderrIsTty),
    canRewriteLine: stderrIsTty && process.env["TERM"] !== "dumb",
  };
}

/** Ignores the errors of a closed terminal, which can't be set or read: SIGHUP reports it. */
function withoutTerminalErrors(stdin: NodeJS.ReadStream): NodeJS.ReadStream {
  if (!stdin.isTTY) return stdin;
  const setRawMode = stdin.setRawMode.bind(stdin);
  stdin.setRawMode = (mode) => {
    try {
      return setRawMode(mode);
    } catch {
      return stdin;
    }
  };
  return stdin.on("error", () => undefined);
}

/** Resolves once everything is written: on some systems pipes are asynchronous. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => {
      resolve();
    });
  });
}
