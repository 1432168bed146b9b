import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { composeCodex } from "../app/compose.ts";
import { exitCodes } from "./exit-codes.ts";
import { runCommand, Interrupted } from "./run-command.ts";
import { wantsColors, type Terminal } from "./terminal/terminal.ts";
import { defaultLimits } from "../shared/limits.ts";
import { exitProcess } from "../platform/exit.ts";
import { version } from "../shared/version.ts";
import { systemRuntime } from "../app/runtime.ts";

/** Longer than any run; it only keeps the process from ending while a promise is waited for. */
const alive = 2 ** 30;

/** Run one command in this process, and end it with the command's exit code. */
export async function runCli(args: readonly string[]): Promise<void> {
  const { stdout, stderr } = process;
  Object.assign(console, new console.Console(stderr)); // whatever a library prints is no answer
  const aborter = new AbortController();
  const stop = (exitCode: number): void => {
    aborter.abort(new Interrupted(exitCode));
  };
  let broken: number | undefined;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (broken !== undefined) return;
    // The reader has seen enough: no failure (`| head`).
    broken = error.code === "EPIPE" ? exitCodes.ok.code : exitCodes.failed.code;
    if (error.code !== "EPIPE") {
      stderr.write(`codex-oauth: stdout cannot be written: ${error.code ?? "unknown"}\n`);
    }
    stop(broken);
  });
  stderr.on("error", () => undefined);
  const interrupt = (): void => {
    // The second time it is meant: not even the end of what was begun is waited for.
    if (aborter.signal.aborted) exitProcess(exitCodes.interrupted.code);
    stop(exitCodes.interrupted.code);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  // A terminal that goes says so twice, to the session's first process and to those in the foreground.
  process.on("SIGHUP", () => {
    stop(exitCodes.interrupted.code);
  });
  const defect = (thrown: unknown): void => {
    const name = thrown instanceof Error ? thrown.name : "a thrown value";
    stderr.write(`INTERNAL: codex-oauth met a case that it does not handle (${name}).\n`);
    exitProcess(exitCodes.failed.code);
  };
  process.on("uncaughtException", defect);
  process.on("unhandledRejection", defect);

  const waiting = setInterval(() => undefined, alive);
  const code = await runCommand(args, {
    terminal: systemTerminal(),
    version,
    signal: aborter.signal,
    interrupt,
    packageRoot: packageFolder(process.argv[1]),
    open: ({ noBrowser }) => {
      const world = systemRuntime(defaultLimits);
      if (noBrowser) world.config = { ...world.config, noBrowser };
      return composeCodex(world);
    },
  });
  clearInterval(waiting);
  await Promise.all([stdout, stderr].map(flushed));
  exitProcess(broken ?? code);
}

/** What was started lies in bin/ or dist/, whatever link led to it. */
function packageFolder(started: string | undefined): string | undefined {
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
    stdin: forgiving(stdin),
    stdout,
    stderr,
    stdinIsTty: stdin.isTTY,
    stdoutIsTty: stdout.isTTY,
    stderrIsTty,
    columns: () => stderr.columns || 80,
    colors: wantsColors(process.env, stderrIsTty),
    rewrites: stderrIsTty && process.env["TERM"] !== "dumb",
  };
}

/** A terminal that has gone cannot be set or read any more, which is no failure of its own: SIGHUP says it. */
function forgiving(stdin: NodeJS.ReadStream): NodeJS.ReadStream {
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

/** Pipes are written in the background on some systems. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => {
      resolve();
    });
  });
}
