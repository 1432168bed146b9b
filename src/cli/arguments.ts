import { parseArgs } from "node:util";
import { oneLine } from "../shared/text.ts";
import { UsageError, type Arguments, type Command } from "./command.ts";

type Parsed =
  | { kind: "help"; command: Command | undefined }
  | { kind: "version" }
  | { kind: "run"; command: Command; args: Arguments };

/**
 * Parses the command line: the command's name first, or `--help` or `--version` in its place.
 *
 * @throws UsageError that names options, never a value: that may be a key
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
    const [topic] = rest;
    return { kind: "help", command: topic === undefined ? undefined : named(topic) };
  }
  const command = named(first);
  const parsed = parse(command, rest);
  if (parsed.options["help"] === true) return { kind: "help", command };
  if (parsed.positionals.length > 0 && command.takesPositionals !== true) {
    throw new UsageError(`${command.name} takes options only`);
  }
  return { kind: "run", command, args: parsed };
}

function parse(command: Command, args: string[]): Arguments {
  const options = { ...command.options, help: { type: "boolean", short: "h" } as const };
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { options: { ...values }, positionals };
  } catch (error) {
    throw new UsageError(`${command.name}: ${usageMessage(error)}`);
  }
}

/** The text for an error of `parseArgs`, whose own gives advice that doesn't fit. */
function usageMessage(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  const name = optionName(/'(?:-\w, )?(-[^' ]*)/.exec(message)?.[1] ?? "");
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `unknown option ${name}`;
  return message.includes("does not take") ? `${name} takes no value` : `${name} needs a value`;
}

/** The option without what follows an equals sign, which may be a key. */
function optionName(text: string): string {
  return oneLine(text.split("=")[0] ?? "", 40);
}
