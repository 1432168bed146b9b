import type { QueryReply } from "../query/response/reply.ts";
import type { ForeignService } from "../config/config.ts";
import type { Usage } from "../query/response/response-event.ts";
import { markedText } from "../shared/text.ts";
import { kindText } from "./credential-kind.ts";
import { quotaSummary } from "./quota.ts";

/** The answer and the pages it cites, as one text. */
export function withSources({ text, sources }: Pick<QueryReply, "text" | "sources">): string {
  if (sources.length === 0) return text;
  return `${text.trimEnd()}\n\n${renderSources(sources)}`;
}

export function renderSources(sources: QueryReply["sources"]): string {
  const lines = sources.map(({ url, title }) => (title === undefined ? url : `${title}: ${url}`));
  return ["Sources:", ...lines.map((line) => `- ${line}`)].join("\n");
}

/**
 * The answer between a first and a last line of this program's, for a model: errors begin with their code, so an answer
 * that begins like one can't pass for it.
 *
 * @param foreign services that aren't OpenAI's own
 * @param whole the file with the whole answer, if the reply's text is only its beginning
 */
export function renderReply(
  reply: QueryReply,
  notices: readonly string[],
  now: number,
  timeZone: string,
  foreign?: ForeignService,
  whole?: { path: string; characters: number },
): string {
  const text = markedText(reply.text);
  const cut =
    whole === undefined
      ? ""
      : ` (the first ${grouped(text.length)} of ${grouped(whole.characters)} characters; the whole answer is in ${whole.path})`;
  return `Codex answers${cut}:\n\n${text}\n\n${renderFooter(reply, notices, now, timeZone, foreign)}`;
}

/** One line of facts: a foreign API, model, cost, remaining quota, and what was not done as asked. */
export function renderFooter(
  reply: QueryReply,
  notices: readonly string[],
  now: number,
  timeZone: string,
  foreign?: ForeignService,
): string {
  const { usage, quota } = reply;
  const facts = [
    foreignNote(reply, foreign),
    `${reply.model}${kindText[reply.mode].payer}`,
    reply.effort === undefined ? undefined : `effort ${reply.effort}`,
    usage === undefined ? undefined : tokens(usage),
    `${(reply.durationMs / 1000).toFixed(1)} s`,
    quota === undefined ? undefined : quotaSummary(quota, now, timeZone),
    reply.refused ? "the model declined to answer" : undefined,
    ...notices,
    ...reply.notices,
  ];
  return `— ${facts.filter((fact) => fact !== undefined).join(" · ")}`;
}

/** The host that answered, if it isn't OpenAI's; an API key goes to an API of its own. */
export function foreignNote({ mode }: Pick<QueryReply, "mode">, foreign?: ForeignService): string | undefined {
  return foreign?.api === undefined || mode === "api-key" ? undefined : `from ${foreign.api}, not from OpenAI`;
}

/** Undefined if neither count is known. */
function tokens({ inputTokens, outputTokens }: Usage): string | undefined {
  if (inputTokens === undefined) {
    return outputTokens === undefined ? undefined : `${grouped(outputTokens)} tokens out`;
  }
  const out = outputTokens === undefined ? "" : `, ${grouped(outputTokens)} out`;
  return `${grouped(inputTokens)} tokens in${out}`;
}

/** A whole number with thousands separators, without the number formats that Intl would load. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
