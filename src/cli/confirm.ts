import type { LoginMode } from "../api/credential.ts";
import { UsageError, type CommandContext } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { LineReader } from "./terminal/input.ts";
import { commandWords } from "./rephrase.ts";

/** Explain another way to pay, ask, and keep it as the choice. */
export async function chooseMode(
  mode: Exclude<LoginMode, "chatgpt">,
  agreed: boolean,
  context: CommandContext,
): Promise<number> {
  const { services, terminal } = context;
  const say = (text: string): string => `${commandWords(text)}\n`;
  if (!agreed) {
    const { text } = await services.mode.choose(mode, false);
    terminal.stderr.write(say(text));
    if (!(await confirmed("Use it?", context))) return exitCodes.failed.code;
  }
  const { text } = await services.mode.choose(mode, true);
  terminal.stdout.write(say(text));
  return exitCodes.ok.code;
}

/** A question that only yes agrees to; says so when it was not agreed to. */
export async function confirmed(
  question: string,
  context: CommandContext,
  otherwise = "Nothing was changed.\n",
): Promise<boolean> {
  if (!context.terminal.stdinIsTty) throw new UsageError("nobody can answer here; add --yes");
  const reader = new LineReader(context);
  const line = await reader.ask(`${question} [y/N] `, context.signal).finally(() => {
    reader.close();
  });
  const yes = /^y(es)?$/i.test(line?.trim() ?? "");
  if (!yes) context.terminal.stderr.write(otherwise);
  return yes;
}
