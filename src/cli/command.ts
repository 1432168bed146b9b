import type { ConfigArea } from "../config/checks.ts";
import type { ComposedCodex } from "../app/codex.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** As node:util's parseArgs takes it, with what the help says. */
export interface Option {
  type: "string" | "boolean";
  /** One letter. */
  short?: string;
  /** What stands for the value in the help: "MODEL". */
  value?: string;
  meaning: string;
}

/** What the command line gave for one command. */
export interface Arguments {
  options: Readonly<Record<string, string | boolean | undefined>>;
  positionals: readonly string[];
}

/** What a command works with. */
export interface CommandContext {
  codex: ComposedCodex;
  terminal: Terminal;
  /** Aborts when the person or the system interrupts, or the reader of stdout has gone. */
  signal: AbortSignal;
  /** Interrupt, as Ctrl-C does, where the keys are read by us. */
  interrupt: () => void;
  /** The folder of the package that runs; undefined where nobody can tell. */
  packageRoot: string | undefined;
}

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What may follow the name: "[OPTIONS] [PROMPT | -]". */
  usage: string;
  options: Readonly<Record<string, Option>>;
  /** Whether words may follow. */
  takesPositionals: boolean;
  /** Further lines of its help. */
  notes: readonly string[];
  /** Settings that must be sound for it. */
  needs: readonly ConfigArea[];
  /**
   * Judge the arguments before anything is opened.
   *
   * @throws UsageError
   */
  check?: (args: Arguments, terminal: Terminal) => void;
  /**
   * Do it; gives the exit code.
   *
   * @throws CodexError or UsageError
   */
  run: (args: Arguments, context: CommandContext) => Promise<number>;
}

/** The command line cannot be followed; the message is one sentence without its full stop. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
