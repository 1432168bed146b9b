import type { ExternalKind } from "../api/credential.ts";
import { renderChoice } from "../render/credential-choice.ts";
import { UsageError, type CommandContext } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { LineReader } from "./terminal/input.ts";

/** Explain another way to pay, ask, and keep it as the choice. */
export async function chooseMode(kind: ExternalKind, agreed: boolean, context: CommandContext): Promise<number> {
  const { codex, terminal } = context;
  const { clock, timeZone } = codex.context;
  const choose = async (confirmed: boolean): Promise<string> => {
    const choice = await codex.useMethod(kind, { confirmed });
    return `${renderChoice(choice, "cli", clock.now(), timeZone)}\n`;
  };
  if (!agreed) {
    terminal.stderr.write(await choose(false));
    if (!(await confirmed("Use it?", context))) return exitCodes.failed.code;
  }
  terminal.stdout.write(await choose(true));
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
