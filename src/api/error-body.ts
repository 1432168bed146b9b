import * as z from "zod";
import type { ApiErrorInfo } from "./api-error.ts";
import { firstValue, type HeaderBag } from "./headers.ts";
import { parseJson } from "../shared/json.ts";

const words = z.string().nullish().catch(undefined);

/** A positive number, also as text; the bound keeps moments inside what a calendar can show. */
const seconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,15}(\.\d{1,6})?$/)
      .transform(Number),
  ])
  .pipe(z.number().positive().max(1e11))
  .nullish()
  .catch(undefined);

/** The error object of bodies and of stream events (docs/wire.md §12, §13). */
export const errorFields = z.object({
  message: words,
  type: words,
  code: words,
  param: words,
  resets_at: seconds, // unix seconds
  resets_in_seconds: seconds,
});
type ErrorFields = Partial<z.infer<typeof errorFields>>;

/** One entry of a validation error, as the web framework of the ChatGPT layer writes them. */
const validationIssue = z.object({
  msg: z.string(),
  type: words,
  loc: z
    .array(z.union([z.string(), z.number()]))
    .nullish()
    .catch(undefined),
});

/** Both families of error bodies (docs/wire.md §13). */
const body = z.object({
  detail: z
    .union([z.string(), z.array(z.unknown()), errorFields])
    .nullish()
    .catch(undefined),
  error: z.union([z.string(), errorFields]).nullish().catch(undefined),
});

/**
 * Words of Cloudflare's pages, and of what it sends to programs (docs/wire.md §13); 1015 is its rate limit,
 * which the status tells as well.
 */
const cloudflareWords = /just a moment|enable javascript and cookies|attention required|^error code: 1(?!015)\d{3}\b/i;

/** An HTTP refusal as facts; `text` is the bounded body. */
export function toApiErrorInfo(status: number, headers: HeaderBag, text: string, now: number): ApiErrorInfo {
  const json = parseJson(text);
  const found = extractError(json) ?? {};
  const type = (firstValue(headers, "content-type") ?? "").toLowerCase();
  return {
    status,
    inStream: false,
    code: found.code ?? undefined,
    type: found.type ?? undefined,
    message: found.message ?? "",
    param: found.param ?? undefined,
    resetsAt: resetsAt(found, now),
    retryAfterMs: parseRetryAfter(firstValue(headers, "retry-after"), now),
    html: type.includes("text/html") || (type === "" && /^\s*<(?:!doctype|html)\b/i.test(text)),
    challenge:
      firstValue(headers, "cf-mitigated") === "challenge" ||
      (json === undefined && !type.includes("json") && isOfCloudflare(text)),
    cloudflare: headers["cf-ray"] !== undefined || /cloudflare/i.test(firstValue(headers, "server") ?? ""),
    requestId: requestId(headers),
  };
}

/** As the official client does it: "blocked" beside the name is enough. */
function isOfCloudflare(text: string): boolean {
  return cloudflareWords.test(text) || (/cloudflare/i.test(text) && /\bblocked\b/i.test(text));
}

/** What a body of either family says of its error; undefined for any other JSON. */
export function extractError(json: unknown): ErrorFields | undefined {
  const { data } = body.safeParse(json);
  const said = data?.error ?? data?.detail ?? undefined;
  return said === undefined ? undefined : toFields(said);
}

/** The service's id for a request, for reports. */
export function requestId(headers: HeaderBag): string | undefined {
  const id =
    firstValue(headers, "x-request-id") ?? firstValue(headers, "x-oai-request-id") ?? firstValue(headers, "cf-ray");
  return id !== undefined && /^[\w.:-]{1,100}$/.test(id) ? id : undefined;
}

/** Retry-After in ms: seconds or an HTTP date (RFC 9110 §10.2.3). */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse takes far more than HTTP dates; those begin with the day's name.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  // The oldest form names no zone; all of them are in UTC.
  const date = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function toFields(said: string | readonly unknown[] | ErrorFields): ErrorFields {
  if (typeof said === "string") return { message: said };
  return isList(said) ? fromIssues(said) : said;
}

function isList(said: readonly unknown[] | ErrorFields): said is readonly unknown[] {
  return Array.isArray(said);
}

/** The first issue that can be read: a reader corrects one field at a time. */
function fromIssues(issues: readonly unknown[]): ErrorFields {
  for (const issue of issues) {
    const parsed = validationIssue.safeParse(issue);
    if (!parsed.success) continue;
    const { msg, type, loc } = parsed.data;
    const [source, ...path] = loc ?? [];
    const field = (source === "body" ? path : (loc ?? [])).join(".");
    return { message: msg, code: type, param: field === "" ? undefined : field };
  }
  return {};
}

/** When the limit resets, epoch ms; the wire has seconds since 1970 or from now. */
export function resetsAt(found: ErrorFields, now: number): number | undefined {
  if (found.resets_at) return found.resets_at * 1000;
  if (found.resets_in_seconds) return now + found.resets_in_seconds * 1000;
  return undefined;
}
