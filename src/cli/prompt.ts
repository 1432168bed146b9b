import { UsageError, type CommandContext } from "./command.ts";
import { readAll } from "./input.ts";

/**
 * The question: the words of the command line, each `-` replaced by what is piped in and set off by
 * blank lines; without words only what is piped in.
 *
 * @throws UsageError when nothing is asked; CodexError `BAD_REQUEST` when it is too long
 */
export async function readPrompt(
  words: readonly string[],
  { services, terminal, signal }: CommandContext,
): Promise<string> {
  const wantsInput = words.length === 0 || words.includes("-");
  const { maxPromptChars } = services.limits;
  const piped = wantsInput ? (await readAll(terminal, maxPromptChars, signal)).trimEnd() : "";
  if (wantsInput && piped === "") throw new UsageError("query: nothing was piped in");
  const prompt = words.length === 0 ? piped : fill(words, piped);
  if (prompt.trim() === "") throw noPrompt();
  return prompt;
}

export function noPrompt(): UsageError {
  return new UsageError("query: there is no prompt");
}

function fill(words: readonly string[], piped: string): string {
  const paragraphs: string[][] = [[]];
  for (const word of words) {
    if (word === "-") paragraphs.push([piped], []);
    else paragraphs.at(-1)?.push(word);
  }
  return paragraphs
    .filter((paragraph) => paragraph.length > 0)
    .map((paragraph) => paragraph.join(" "))
    .join("\n\n");
}
