import * as z from "zod";
import { reasoningEfforts } from "../../models/effort.ts";
import type { QueryReply } from "../../query/response/reply.ts";
import { requestFields, type QueryRequest } from "../../query/request/request.ts";
import { withSources } from "../../render/reply.ts";
import { plainText } from "../../shared/text.ts";
import { validated } from "../../shared/validated.ts";
import { type Arguments, type Command, type CommandContext, UsageError } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { toJson } from "../report-error.ts";
import { readAll } from "../terminal/input.ts";
import { askWithSpinner, streamAnswer, printFooter } from "./query-output.ts";

/**
 * The prompt: the positionals, each `-` replaced by stdin and separated by blank lines; without positionals, stdin.
 *
 * @throws UsageError if it is empty; CodexError `BAD_REQUEST` if it is too long
 */
async function readPrompt(
  positionals: readonly string[],
  { codex, terminal, signal }: CommandContext,
): Promise<string> {
  const wantsInput = positionals.length === 0 || positionals.includes("-");
  const { maxPromptChars } = codex.context.limits;
  const piped = wantsInput ? (await readAll(terminal, maxPromptChars, signal)).trimEnd() : "";
  if (wantsInput && piped === "") throw new UsageError("query: nothing was piped in");
  const prompt = positionals.length === 0 ? piped : joinPrompt(positionals, piped);
  if (prompt.trim() === "") throw noPrompt();
  return prompt;
}

function noPrompt(): UsageError {
  return new UsageError("query: there is no prompt");
}

function joinPrompt(positionals: readonly string[], piped: string): string {
  const paragraphs: string[][] = [[]];
  for (const word of positionals) {
    if (word === "-") paragraphs.push([piped], []);
    else paragraphs.at(-1)?.push(word);
  }
  return paragraphs
    .filter((paragraph) => paragraph.length > 0)
    .map((paragraph) => paragraph.join(" "))
    .join("\n\n");
}

export const query: Command = {
  name: "query",
  summary: "Ask Codex and print its answer",
  usage: "[OPTIONS] [PROMPT | -]",
  options: {
    model: { type: "string", short: "m", value: "MODEL", meaning: "a name from models" },
    effort: { type: "string", short: "e", value: "EFFORT", meaning: reasoningEfforts.join(", ") },
    system: { type: "string", short: "s", value: "TEXT", meaning: "instructions that replace the default ones" },
    json: { type: "boolean", meaning: "one JSON object with answer and facts, or with the error" },
  },
  takesPositionals: true,
  notes: [
    "The words of the command line are the prompt, else what is piped in.",
    'A "-" among the words stands for what is piped in; else that is left unread:',
    "",
    '  git diff | codex-oauth query "Review this change:" -',
    "",
    "On a terminal the answer comes as it is written, and a line of facts follows.",
    "In a pipe or a file there is only the answer, once it is complete.",
  ],
  needs: ["storage", "state", "auth", "origins"],
  check({ options, positionals }, { stdinIsTty }) {
    parseChoices(options);
    if (positionals.length === 0 && stdinIsTty) throw noPrompt();
  },
  async run({ options, positionals }, context) {
    const { terminal } = context;
    const request = toRequest(options, await readPrompt(positionals, context));
    if (options["json"] !== true && terminal.stdoutIsTty) {
      await streamAnswer(request, context);
      return exitCodes.ok.code;
    }
    const reply = await askWithSpinner(request, context);
    if (options["json"] === true) terminal.stdout.write(toJson(facts(reply, context)));
    else {
      terminal.stdout.write(`${plainText(withSources(reply))}\n`);
      printFooter(reply, context);
    }
    return exitCodes.ok.code;
  },
};

const choiceFields = z.object({ "--model": requestFields.model, "--effort": requestFields.reasoningEffort });

/** @throws UsageError */
function parseChoices({ model, effort }: Arguments["options"]): z.infer<typeof choiceFields> {
  const given = { "--model": model, "--effort": effort };
  return validated(choiceFields, given, "", ({ field, verdict }) => {
    return new UsageError(`query: ${field} ${verdict}`);
  });
}

function toRequest(options: Arguments["options"], prompt: string): QueryRequest {
  const { "--model": model, "--effort": reasoningEffort } = parseChoices(options);
  const system = options["system"];
  return { prompt, model, systemPrompt: typeof system === "string" ? system : undefined, reasoningEffort };
}

/** The reply, for programs. */
function facts(reply: QueryReply, { codex }: CommandContext): object {
  const { text, sources, model, effort, usage, durationMs, quota, notices } = reply;
  return {
    text: plainText(text),
    sources,
    model,
    effort,
    usage,
    durationMs: Math.round(durationMs),
    quota,
    notices: [...codex.context.sessionNotices(), ...notices],
  };
}
