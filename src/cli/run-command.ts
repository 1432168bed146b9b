import type { ComposedCodex } from "../app/codex.ts";
import { assertConfigured, type Config } from "../config/config.ts";
import { CodexError, errorForLog, toCodexError } from "../shared/errors.ts";
import { readArguments } from "./arguments.ts";
import { type Arguments, type Command, type CommandContext, UsageError } from "./command.ts";
import { commands } from "./commands/index.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { reportError, reportJson } from "./report-error.ts";
import { redactedTerminal } from "./terminal/terminal.ts";

interface CommandLine extends Pick<CommandContext, "terminal" | "signal" | "interrupt" | "packageRoot"> {
  version: string;
  /** Composes the program; not called for help, version and wrong arguments. */
  open: (options: OpenOptions) => ComposedCodex;
}

/** Options of a command that take a setting's place. */
interface OpenOptions {
  noBrowser: boolean;
  encrypt: Config["encrypt"];
}

/** Runs the command that the arguments name. Every failure is printed on stderr and becomes an exit code. */
export async function runCommand(args: readonly string[], line: CommandLine): Promise<number> {
  const { terminal, version } = line;
  try {
    const parsed = readArguments(args, commands);
    if (parsed.kind === "run") {
      parsed.command.check?.(parsed.args, terminal);
      return await runOpened(parsed.command, parsed.args, line);
    }
    const text =
      parsed.kind === "version"
        ? `${version}\n`
        : parsed.command === undefined
          ? generalHelp(commands, version)
          : commandHelp(parsed.command);
    terminal.stdout.write(text);
    return exitCodes.ok.code;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const command = commands.find(({ name }) => name === args[0]);
    const help = ["codex-oauth", ...(command === undefined ? [] : [command.name]), "--help"].join(" ");
    terminal.stderr.write(`codex-oauth: ${error.message}. See: ${help}\n`);
    return exitCodes.usage.code;
  }
}

async function runOpened(command: Command, args: Arguments, line: CommandLine): Promise<number> {
  const { signal } = line;
  const { options } = args;
  const encrypt = options["keyring"] === true ? "keyring" : options["no-keyring"] === true ? "off" : undefined;
  const codex = line.open({ noBrowser: options["no-browser"] === true, encrypt });
  const terminal = redactedTerminal(line.terminal, codex.context.redactor);
  try {
    assertConfigured(codex.context.config, command.needs);
    return await command.run(args, { ...line, terminal, codex });
  } catch (thrown) {
    if (signal.aborted && signal.reason instanceof Interrupted) {
      const { exitCode } = signal.reason;
      if (args.options["json"] === true && exitCode === exitCodes.interrupted.code) {
        reportJson(new CodexError("CANCELLED", "The command was interrupted."), codex.context, terminal);
      }
      return exitCode;
    }
    if (thrown instanceof UsageError) throw thrown;
    const error = toCodexError(thrown);
    codex.context.log("CODEX", `${command.name} failed with ${errorForLog(error)}`);
    if (args.options["json"] === true) reportJson(error, codex.context, terminal);
    else reportError(error, codex.context, terminal);
    return exitCodeOf(error.code);
  } finally {
    await codex.close();
  }
}

/** The abort reason of a run that was interrupted from outside. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("The run was interrupted.");
    this.exitCode = exitCode;
  }
}
