import { toCodexError, type CodexErrorCode } from "../core/errors.ts";
import type { Language } from "../wire/accept-language.ts";
import type { AuthorizationResponse } from "./authorization-response.ts";
import { pageStyle } from "./callback-style.ts";
import { words, type PageKind } from "./callback-words.ts";

/** What the browser is shown; it holds nothing of the login: no code, no token, no name. */
export interface Page {
  kind: PageKind;
  /** The error's own sentences, in English, secrets taken out. */
  details?: readonly string[];
  /** The error's own step, where it has a better one than its kind; in English as well. */
  step?: string | undefined;
}

export interface Failure {
  error: unknown;
  /** What the browser had brought: a refusal, or a code that then failed. */
  brought: AuthorizationResponse["kind"];
}

/** Shown when the tokens are saved. */
export const successPage: Page = { kind: "signed-in" };

/**
 * Shown when the sign-in failed, with the reason and the next step.
 *
 * @param redact takes secrets out: a server may quote what it was sent
 */
export function failurePage({ error, brought }: Failure, redact: (text: string) => string): Page {
  const { code, message, details } = toCodexError(error);
  const { why, next } = details;
  return {
    kind: kindOf(code, brought),
    details: [message, why].filter((line) => line !== undefined).map(redact),
    step: next === undefined ? undefined : redact(next),
  };
}

function kindOf(code: CodexErrorCode, brought: Failure["brought"]): PageKind {
  if (code === "AUTH_DENIED") return brought === "code" ? "used" : "denied";
  if (code === "LOGIN_TIMEOUT") return "expired";
  if (code === "CANCELLED") return "ended";
  return code === "STORAGE" ? "unsaved" : "unfinished";
}

/** No store, no frame, no script, no request elsewhere, no referrer. */
export function pageHeaders(body: string): Record<string, string | number> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "content-security-policy":
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    vary: "Accept-Language",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    connection: "close",
  };
}

/** A key whose head holds a prompt: our own mark, also in docs/images/icon.svg. */
const mark = `<svg viewBox="0 0 34 24" aria-hidden="true"><circle cx="11" cy="12" r="9"/>
<path d="M9 8l4 4-4 4M20 12h12v5M26 12v4"/></svg>`;

const signs = {
  ok: "M4 12.5l5.5 5.5L20 6.5",
  failed: "M6 6l12 12M18 6L6 18",
  note: "M12 5v8.5M12 18.5v.1",
};

/** The whole page. Everything in it is escaped, and the words that stay English say so. */
export function renderPage({ kind, details = [], step }: Page, language: Language): string {
  const { tag, failed, pages, ...labels } = words[language];
  const { title, lead, next } = pages[kind];
  const mood = moodOf(kind);
  const english = language === "en" ? "" : ' lang="en"';
  const ownStep = step === undefined ? [] : [`<li${english}>${escapeHtml(step)}</li>`];
  const steps = [...ownStep, ...next.map((line) => `<li>${escapeHtml(line)}</li>`)];
  const list = steps.length === 1 ? "ul" : "ol";
  const foot = {
    ok: labels.reloadAfterSuccess,
    failed: labels.reloadAfterFailure,
    note: labels.mayClose,
  }[mood];
  return `<!doctype html>
<html lang="${tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · codex-oauth</title>
<style>${pageStyle}</style>
</head>
<body>
<main class="${mood}">
<p class="brand">${mark}codex-oauth</p>
<svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><path d="${signs[mood]}"/></svg>
${mood === "failed" ? `<p class="label">${escapeHtml(failed)}</p>` : ""}
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
<section>
<h2>${escapeHtml(labels.nextHeading)}</h2>
<${list}>${steps.join("\n")}</${list}>
</section>
${details.length === 0 ? "" : detailsSection(labels.detailsHeading, details, english)}
<p class="foot">${escapeHtml(foot)}</p>
</main>
</body>
</html>
`;
}

function detailsSection(heading: string, details: readonly string[], english: string): string {
  const lines = details.map((line) => `<p${english}>${escapeHtml(line)}</p>`);
  return `<section>\n<h2>${escapeHtml(heading)}</h2>\n${lines.join("\n")}\n</section>`;
}

/** Whether a sign-in ended well or not, or was not touched at all. */
function moodOf(kind: PageKind): keyof typeof signs {
  if (kind === "signed-in") return "ok";
  const untouched: readonly PageKind[] = ["state", "issuer", "code", "path", "host", "method"];
  return untouched.includes(kind) ? "note" : "failed";
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
