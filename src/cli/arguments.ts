import { parseArgs } from "node:util";
import { oneLine } from "../shared/text.ts";
import { UsageError, type Arguments, type Command } from "./command.ts";

export type Parsed =
  | { kind: "help"; command: Command | undefined }
  | { kind: "version" }
  | { kind: "run"; command: Command; args: Arguments };

/**
 * What the command line asks for: the command's name first, or `--help` or `--version` in its place.
 *
 * @throws UsageError with the names of options, never with a value: one may be a key.
 */
export function readArguments(args: readonly string[], commands: readonly Command[]): Parsed {
  const [first = "help", ...rest] = args;
  const named = (name: string): Command => {
    const command = commands.find((one) => one.name === name);
    if (command !== undefined) return command;
    throw new UsageError(
      name.startsWith("-") ? `unknown option ${optionName(name)}` : `unknown command "${oneLine(name, 40)}"`,
    );
  };
  if (first === "--version" || first === "-V") return { kind: "version" };
  if (["help", "--help", "-h"].includes(first)) {
    const [about] = rest;
    return { kind: "help", command: about === undefined ? undefined : named(about) };
  }
  const command = named(first);
  const { values, positionals } = parse(command, rest);
  const { help, ...options } = values;
  if (help === true) return { kind: "help", command };
  if (positionals.length > 0 && !command.takesPositionals) {
    throw new UsageError(`${command.name} takes options only`);
  }
  return { kind: "run", command, args: { options, positionals: positionals } };
}

interface Values {
  values: Record<string, string | boolean | undefined>;
  positionals: string[];
}

function parse(command: Command, args: string[]): Values {
  const options = { ...command.options, help: { type: "boolean", short: "h" } as const };
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { values: { ...values }, positionals };
  } catch (error) {
    throw new UsageError(`${command.name}: ${complaint(error)}`);
  }
}

/** Node's complaint in our words; its own text gives advice that does not fit here. */
function complaint(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  const name = optionName(/'(?:-\w, )?(-[^' ]*)/.exec(message)?.[1] ?? "");
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `unknown option ${name}`;
  return message.includes("does not take") ? `${name} takes no value` : `${name} needs a value`;
}

/** Without what follows an equals sign. */
function optionName(text: string): string {
  return oneLine(text.split("=")[0] ?? "", 40);
}
