import { exitCodes } from "./exit-codes.ts";
import type { Command } from "./command.ts";

/** The commands and the exit codes, in lines of at most 80 characters. */
export function generalHelp(commands: readonly Command[], version: string): string {
  return lines(
    `codex-oauth ${version}: ask OpenAI's Codex models on your own ChatGPT plan`,
    "",
    "Usage: codex-oauth COMMAND [OPTIONS]",
    "",
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    "",
    "  -h, --help       this text; after a command: its own",
    "  -V, --version    the version",
    "",
    "Exit codes:",
    ...columns(Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning.replaceAll("`", "")])),
    "",
    "The environment variables, the files and the error codes: DEPLOYMENT.md.",
  );
}

export function commandHelp({ name, summary, usage, options, notes = [] }: Command): string {
  const all: Command["options"] = { ...options, help: { type: "boolean", short: "h", meaning: "this text" } };
  return lines(
    `Usage: codex-oauth ${name} ${usage}`.trimEnd(),
    "",
    summary,
    "",
    ...columns(
      Object.entries(all).map(([long, { short, value, meaning }]) => {
        const start = short === undefined ? "    " : `-${short}, `;
        return [`${start}--${long}${value === undefined ? "" : ` ${value}`}`, meaning];
      }),
    ),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  );
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function lines(...text: string[]): string {
  return `${text.join("\n")}\n`;
}
