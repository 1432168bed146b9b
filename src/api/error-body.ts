import * as z from "zod";
import type { ApiErrorInfo } from "./api-error.ts";
import { firstValue, type HeaderBag } from "./headers.ts";
import { optionalText, parseJson } from "../shared/json.ts";

/** A positive number or numeric string, bounded so that a `Date` can show the moment. */
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

/** The error object of bodies and stream events (docs/wire.md §12, §13). */
export const errorFields = z.object({
  message: optionalText,
  type: optionalText,
  code: optionalText,
  param: optionalText,
  resets_at: seconds, // unix seconds
  resets_in_seconds: seconds,
});
type ErrorFields = Partial<z.infer<typeof errorFields>>;

/** An entry of a validation error, in the format of the ChatGPT layer's web framework. */
const validationIssue = z.object({
  msg: z.string(),
  type: optionalText,
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

/** Text of Cloudflare's pages and of its errors for programs (docs/wire.md §13); not 1015, a rate limit with HTTP 429. */
const cloudflarePattern =
  /just a moment|enable javascript and cookies|attention required|^error code: 1(?!015)\d{3}\b/i;

/** Parses an HTTP error; `text` is the bounded body. */
export function toApiErrorInfo(status: number, headers: HeaderBag, text: string, now: number): ApiErrorInfo {
  const json = parseJson(text);
  const found = extractError(json) ?? {};
  const type = (firstValue(headers, "content-type") ?? "").toLowerCase();
  return {
    status,
    inStream: false,
    code: found.code,
    type: found.type,
    message: found.message ?? "",
    param: found.param,
    resetsAt: resetsAt(found, now),
    retryAfterMs: parseRetryAfter(firstValue(headers, "retry-after"), now),
    html: type.includes("text/html") || (type === "" && /^\s*<(?:!doctype|html)\b/i.test(text)),
    challenge:
      firstValue(headers, "cf-mitigated") === "challenge" ||
      (json === undefined && !type.includes("json") && isFromCloudflare(text)),
    cloudflare: headers["cf-ray"] !== undefined || /cloudflare/i.test(firstValue(headers, "server") ?? ""),
    requestId: requestId(headers),
  };
}

/** Like the official client, accepts "blocked" together with Cloudflare's name. */
function isFromCloudflare(text: string): boolean {
  return cloudflarePattern.test(text) || (/cloudflare/i.test(text) && /\bblocked\b/i.test(text));
}

/** The error of a body of either family; undefined for any other JSON. */
export function extractError(json: unknown): ErrorFields | undefined {
  const { data } = body.safeParse(json);
  const error = data?.error ?? data?.detail ?? undefined;
  if (typeof error === "string") return { message: error };
  return Array.isArray(error) ? fromIssues(error) : error;
}

/** The service's request id, for bug reports. */
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
  // Date.parse accepts far more than HTTP dates, which begin with the day's name.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  // The oldest form names no time zone; all forms are UTC.
  const date = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The first readable issue: one field is corrected at a time. */
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

/** When the limit resets, epoch ms; the wire has Unix seconds or seconds from now. */
export function resetsAt(found: ErrorFields, now: number): number | undefined {
  if (found.resets_at) return found.resets_at * 1000;
  if (found.resets_in_seconds) return now + found.resets_in_seconds * 1000;
  return undefined;
}
