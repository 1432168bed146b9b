import * as z from "zod";
import type { Refusal } from "../core/response-errors.ts";
import { parseJson } from "./json.ts";

const inner = z.object({
  message: z.string().nullish().catch(undefined),
  type: z.string().nullish().catch(undefined),
  code: z.string().nullish().catch(undefined),
  param: z.string().nullish().catch(undefined),
  resets_at: z.number().nullish().catch(undefined), // unix seconds
  resets_in_seconds: z.number().nullish().catch(undefined),
});

/** Both families of error bodies (docs/wire.md §13). */
const body = z.object({
  detail: z.union([z.string(), inner]).nullish().catch(undefined),
  error: z.union([z.string(), inner]).nullish().catch(undefined),
});

type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/** Words of Cloudflare's pages (docs/wire.md §13). */
const challengePage = /just a moment|enable javascript and cookies|attention required/i;

/** An HTTP refusal as facts; `text` is the bounded body. */
export function toRefusal(status: number, headers: HeaderBag, text: string, now: number): Refusal {
  const parsed = body.safeParse(parseJson(text));
  const said = parsed.success ? (parsed.data.error ?? parsed.data.detail) : undefined;
  const found: Partial<z.infer<typeof inner>> =
    typeof said === "string" ? { message: said } : (said ?? {});
  const html = (first(headers, "content-type") ?? "").toLowerCase().includes("text/html");
  return {
    status,
    code: found.code ?? undefined,
    type: found.type ?? undefined,
    message: found.message ?? "",
    param: found.param ?? undefined,
    resetsAt: resetsAt(found, now),
    retryAfterMs: parseRetryAfter(first(headers, "retry-after"), now),
    html,
    challenge: first(headers, "cf-mitigated") === "challenge" || (html && challengePage.test(text)),
    requestId: requestId(headers),
  };
}

/** The service's id for a request, for reports. */
export function requestId(headers: HeaderBag): string | undefined {
  const id =
    first(headers, "x-request-id") ??
    first(headers, "x-oai-request-id") ??
    first(headers, "cf-ray");
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

function resetsAt(found: Partial<z.infer<typeof inner>>, now: number): number | undefined {
  if (found.resets_at) return found.resets_at * 1000;
  if (found.resets_in_seconds) return now + found.resets_in_seconds * 1000;
  return undefined;
}

function first(headers: HeaderBag, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
