import type { CallbackOutcome } from "../auth/sign-in/callback/handler.ts";
import { type CodexErrorCode, toCodexError } from "../shared/errors.ts";
import { type PageKind, pageTexts } from "./callback-page-text.ts";
import { type Language, preferredLanguage } from "./language.ts";
import { renderOutside } from "./next-step.ts";

/** A page for the browser. It contains nothing of the login: no code, no token, no name. */
interface Page {
  kind: PageKind;
  /** The error's sentences, in English and redacted. */
  details?: readonly string[];
  /** The error's next steps, shown before those of the page's kind; in English and redacted. */
  steps?: readonly string[];
}

type SignInFailure = Extract<CallbackOutcome, { kind: "failed" }>;

/**
 * The HTML document about a sign-in's outcome, in the language that an `Accept-Language` field prefers.
 *
 * @param redact removes secrets from the reason: a server may quote the request
 * @param foreignApi the host that gets the login, if it isn't OpenAI's
 */
export function renderCallbackPage(
  outcome: CallbackOutcome,
  acceptLanguage: string | undefined,
  redact: (text: string) => string,
  foreignApi?: string,
): string {
  const page = outcome.kind === "failed" ? failurePage(outcome, redact) : outcome;
  return renderPage(page, preferredLanguage(acceptLanguage), foreignApi);
}

/** Shown if the sign-in failed, with the reason and the next step; the page's kind says how to sign in again. */
function failurePage({ error, brought }: SignInFailure, redact: (text: string) => string): Page {
  const { code, message, details } = toCodexError(error);
  return {
    kind: failureKind(code, brought),
    details: [message, details.why].filter((line) => line !== undefined).map(redact),
    steps: renderOutside(details.next ?? []).map(redact),
  };
}

function failureKind(code: CodexErrorCode, brought: SignInFailure["brought"]): PageKind {
  if (code === "AUTH_DENIED") return brought === "code" ? "used" : "denied";
  if (code === "LOGIN_TIMEOUT") return "expired";
  if (code === "CANCELLED") return "ended";
  return code === "STORAGE" ? "unsaved" : "unfinished";
}

/** A key whose head holds a prompt, as in docs/images/icon.svg. */
const logo = `<svg viewBox="0 0 34 24" aria-hidden="true"><circle cx="11" cy="12" r="9"/>
<path d="M9 8l4 4-4 4M20 12h12v5M26 12v4"/></svg>`;

const signs = {
  ok: "M4 12.5l5.5 5.5L20 6.5",
  failed: "M6 6l12 12M18 6L6 18",
  note: "M12 5v8.5M12 18.5v.1",
};

/** All text is escaped, and English text on other pages is marked with `lang`. */
function renderPage({ kind, details = [], steps = [] }: Page, language: Language, foreignApi?: string): string {
  const { tag, failed, pages, foreign, ...labels } = pageTexts[language];
  const { title, summary, next } = pages[kind];
  const status = statusOf(kind);
  const english = language === "en" ? "" : ' lang="en"';
  const items = [
    ...steps.map((line) => `<li${english}>${escapeHtml(line)}</li>`),
    ...next.map((line) => `<li>${escapeHtml(line)}</li>`),
  ];
  const list = items.length === 1 ? "ul" : "ol";
  const { reloadAfterSuccess: ok, reloadAfterFailure, mayClose: note } = labels;
  const foot = { ok, failed: reloadAfterFailure, note }[status];
  return `<!doctype html>
<html lang="${tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · codex-oauth</title>
<style>${pageStyle}</style>
</head>
<body>
<main class="${status}">
<p class="brand">${logo}codex-oauth</p>
${foreignApi === undefined ? "" : `<p class="warning">${escapeHtml(foreign(foreignApi))}</p>`}
<svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><path d="${signs[status]}"/></svg>
${status === "failed" ? `<p class="label">${escapeHtml(failed)}</p>` : ""}
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(summary)}</p>
<section>
<h2>${escapeHtml(labels.nextHeading)}</h2>
<${list}>${items.join("\n")}</${list}>
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

/** Whether the sign-in succeeded, failed, or was not affected. */
function statusOf(kind: PageKind): keyof typeof signs {
  if (kind === "signed-in") return "ok";
  const untouched: readonly PageKind[] = ["state", "issuer", "code", "path", "host", "method", "browser", "user"];
  return untouched.includes(kind) ? "note" : "failed";
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Fetches nothing; readable in both colour schemes (WCAG 2.2 AA). */
const pageStyle = `
:root { color-scheme: light dark; --ground: #eef1f5; --card: #fff; --text: #16181d; --soft: #505866;
  --line: #dfe3e9; --inset: #f6f7f9; --accent: #1d4ed8 }
.ok { --accent: #0b6b43; --tint: #e3f5ec }
.failed { --accent: #b3340b; --tint: #fdece5 }
.note { --accent: #1d4ed8; --tint: #e8eefc }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0f1115; --card: #191c22; --text: #f1f3f6; --soft: #b0b7c3; --line: #2d323b;
    --inset: #12151a }
  .ok { --accent: #4cc38a; --tint: #12291f }
  .failed { --accent: #fb923c; --tint: #2f1d12 }
  .note { --accent: #8ab0ff; --tint: #17213a }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei",
    "Noto Sans CJK SC", sans-serif }
main { width: min(34rem, 100%); min-width: 0; padding: 2rem; border-radius: 1rem;
  background: var(--card); border: 1px solid var(--line); overflow-wrap: anywhere;
  box-shadow: 0 1px 2px #0000000f, 0 12px 32px #00000014 }
.brand { display: flex; align-items: center; gap: .5rem; margin: 0 0 1.75rem; color: var(--soft);
  font-size: .9rem; font-weight: 600 }
.brand svg { width: 1.75rem; height: 1.25rem }
.sign { display: block; width: 3.25rem; height: 3.25rem; padding: .85rem; margin: 0 0 1.1rem;
  border-radius: 50%; background: var(--tint); color: var(--accent) }
svg { fill: none; stroke: currentColor; stroke-width: 2.5; stroke-linecap: round;
  stroke-linejoin: round }
.label { margin: 0 0 .25rem; color: var(--accent); font-size: .9rem; font-weight: 600 }
.warning { margin: 0 0 1rem; font-weight: 600 }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em }
.lead { margin: 0; color: var(--soft) }
section { margin: 1.5rem 0 0; padding: 1rem 1.1rem; border-radius: .65rem; background: var(--inset);
  border: 1px solid var(--line) }
section + section { margin-top: .75rem }
h2 { margin: 0 0 .4rem; font-size: .9rem; line-height: 1.4 }
ol, ul { margin: 0; padding: 0 0 0 1.25rem }
ul { padding: 0; list-style: none }
li + li { margin-top: .3rem }
section p { margin: .3rem 0 0; color: var(--soft); font-size: .9rem }
.foot { margin: 1.25rem 0 0; color: var(--soft); font-size: .85rem }
@media (max-width: 30rem) { body { padding: .75rem } main { padding: 1.4rem 1.2rem } }
`;
