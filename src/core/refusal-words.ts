/** Said to clients whose version is below a model's minimum (docs/wire.md §11). */
export const newerVersionWanted = /requires a newer version of codex/i;

/** Refusals that name a field in words alone (docs/wire.md §9). */
const namedFields: readonly [words: RegExp, field: string][] = [
  [/^store must be set to/i, "store"],
  [/^stream must be set to/i, "stream"],
  [/^system messages are not allowed/i, "input"],
  [/^instructions are (required|not valid)/i, "instructions"],
];

/** The request field that the service's words blame; undefined when they name none. */
export function fieldFromWords(message: string): string | undefined {
  const unsupported = /^unsupported parameter:\s*['"`]?(?<field>[\w.[\]-]{1,80})/i.exec(message);
  const field = unsupported?.groups?.["field"]?.replace(/\.$/, "");
  return field ?? namedFields.find(([words]) => words.test(message))?.[1];
}

/** "try again in 2.5 s" as milliseconds: streams carry the time only in words (docs/wire.md §12). */
export function retryAfterFromWords(message: string): number | undefined {
  const match = /try again in\s*(?<amount>\d{1,6}(?:\.\d{1,6})?)\s*(?<unit>ms|s)/i.exec(message);
  const amount = match?.groups?.["amount"];
  if (amount === undefined) return undefined;
  const factor = match?.groups?.["unit"]?.toLowerCase() === "ms" ? 1 : 1000;
  return Math.ceil(Number(amount) * factor);
}

/**
 * The service's words as a sentence of ours: short, on one line, without control characters, with
 * the field that they are about. Undefined when there is nothing to tell.
 */
export function quoteWords(message: string, field: string | undefined): string | undefined {
  const line = message
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 300)
    .toWellFormed();
  const named = field !== undefined && /^[\w.[\]-]{1,80}$/.test(field) ? field : undefined;
  if (line === "") return named && `The service names the field ${named}.`;
  const beside = named === undefined || line.includes(named) ? "" : ` (field: ${named})`;
  return `The service said: ${line}${beside}`;
}
