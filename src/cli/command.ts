import type { ComposedCodex } from "../app/codex.ts";
import type { ConfigArea } from "../config/checks.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** An option for node:util's `parseArgs`, with its text for the help. */
interface Option {
  type: "string" | "boolean";
  /** One letter. */
  short?: string;
  /** The value's placeholder in the help: "MODEL". */
  value?: string;
  meaning: string;
}

/** The parsed arguments of one command. */
export interface Arguments {
  options: Readonly<Record<string, string | boolean | undefined>>;
  positionals: readonly string[];
}

export interface CommandContext {
  codex: ComposedCodex;
  terminal: Terminal;
  /** Aborts on an interrupt of the user or the system, and if the reader of stdout has exited. */
  signal: AbortSignal;
  /** Interrupts like Ctrl-C, for a terminal in raw mode. */
  interrupt: () => void;
  /** The folder of the running package; undefined if unknown. */
  packageRoot: string | undefined;
}

export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** What follows the name: "[OPTIONS] [PROMPT | -]". */
  usage: string;
  options: Readonly<Record<string, Option>>;
  /** Default false. */
  takesPositionals?: boolean;
  /** Further lines of its help. */
  notes?: readonly string[];
  /** Settings that must be valid for it. */
  needs: readonly ConfigArea[];
  /**
   * Checks the arguments before anything is opened.
   *
   * @throws UsageError
   */
  check?: (args: Arguments, terminal: Terminal) => void;
  /**
   * Resolves with the exit code.
   *
   * @throws CodexError or UsageError
   */
  run: (args: Arguments, context: CommandContext) => Promise<number>;
}

/** A wrong command line; the message is one sentence without its full stop. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
