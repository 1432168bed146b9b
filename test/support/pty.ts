import { spawn, spawnSync } from "node:child_process";
import { onTestFinished } from "vitest";
import { cliEnvironment, expectNothingSecret, found, waitFor, type CliOptions } from "./cli.ts";
import { shippedEntry } from "./server.ts";

export interface TerminalOptions extends Omit<CliOptions, "input"> {
  columns?: number;
  /** What the shell puts behind the command: "> file", "| head -c 1". */
  redirect?: string;
}

/** The command line on a pseudo-terminal. */
export interface TerminalRun {
  /** Keys that are pressed; "\r" is Enter, "\x03" is Ctrl-C. */
  type: (keys: string) => void;
  /** Everything that the terminal was sent. */
  screen: () => string;
  /** The window is closed. */
  hangUp: () => void;
  /** Resolves when the words have been shown. */
  shows: (words: string | RegExp) => Promise<void>;
  ended: Promise<number | null>;
}

const python = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(['/bin/sh', '-c', sys.argv[1]])))";

/** Whatever this machine has to make a pseudo-terminal with, and hands the exit code on. */
const makers: readonly { probe: string[]; answers: RegExp; start: (line: string) => string[] }[] = [
  {
    probe: ["script", "--version"],
    answers: /util-linux/,
    start: (line) => ["script", "-qec", line, "/dev/null"],
  },
  {
    probe: ["python3", "-c", "import os, pty; print(os.waitstatus_to_exitcode(0))"],
    answers: /^0/,
    start: (line) => ["python3", "-c", python, line],
  },
];

function terminalCommand(line: string): string[] {
  const maker = makers.find(({ probe: [program = "", ...args], answers }) =>
    answers.test(spawnSync(program, args, { encoding: "utf8" }).stdout || ""),
  );
  if (maker === undefined) {
    throw new Error("a pseudo-terminal needs script of util-linux, or Python 3.9 or newer");
  }
  return maker.start(line);
}

/** Start it in a terminal; when the test ends it is over, and nothing on the screen is a secret. */
export function startInTerminal(options: TerminalOptions): TerminalRun {
  const { args, columns = 80, redirect = "", simulator, home } = options;
  const command = [process.execPath, shippedEntry, ...args].map(quoted).join(" ");
  const line = `stty cols ${columns} rows 24; ${redirect === "" ? "exec " : ""}${command} ${redirect}`;
  const [program = "", ...rest] = terminalCommand(line);
  const child = spawn(program, rest, { env: { ...cliEnvironment(options), SHELL: "/bin/sh" } });
  let screen = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    for (const listener of listeners) listener();
  });
  child.stdin.on("error", () => undefined);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL"); // the terminal hangs up, and what runs in it ends
    await ended;
    expectNothingSecret(screen, simulator, home);
  });
  return {
    type: (keys) => {
      child.stdin.write(keys);
    },
    screen: () => screen,
    hangUp: () => {
      child.kill("SIGKILL");
    },
    shows: (words) =>
      waitFor(
        listeners,
        () => found(screen, words),
        ended,
        () => screen,
      ),
    ended,
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
