import { toCodexError } from "../core/errors.ts";

export interface FailurePage {
  error: unknown;
}

const style = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #16181d; --soft: #555c69;
  --line: #e2e5ea; --mark: #0f7b4d }
@media (prefers-color-scheme: dark) { :root { --ground: #111317; --card: #1a1d23; --text: #f1f3f6;
  --soft: #aab1bd; --line: #2c313a; --mark: #4cc38a } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { width: min(32rem, 100%); padding: 2rem; border-radius: 1rem; background: var(--card);
  border: 1px solid var(--line) }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; line-height: 1.3 }
p { margin: .5rem 0 0; color: var(--soft); overflow-wrap: anywhere }
.mark { display: block; width: 2.5rem; height: .3rem; margin: 0 0 1.25rem; border-radius: 1rem;
  background: var(--mark) }
.failed { --mark: #c2410c }
@media (prefers-color-scheme: dark) { .failed { --mark: #fb923c } }
`;

/** Shown when the tokens are saved. It holds nothing of the login: no code, no token, no name. */
export function successPage(): string {
  return page("Signed in", "", [
    "codex-oauth may now ask Codex with your ChatGPT plan.",
    "You can close this tab and go back to your editor or terminal.",
  ]);
}

/**
 * Shown when the sign-in failed, with the reason and the next step.
 *
 * @param redact takes secrets out: a server may quote what it was sent
 */
export function failurePage({ error }: FailurePage, redact: (text: string) => string): string {
  const { message, details, next } = toCodexError(error);
  return page(
    "Sign-in failed",
    "failed",
    [message, details.why, `Next: ${next}`, "You can close this tab."]
      .filter((line) => line !== undefined)
      .map(redact),
  );
}

/** No store, no frame, no script, no request elsewhere, no referrer. */
export function pageHeaders(body: string): Record<string, string | number> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "content-security-policy":
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    connection: "close",
  };
}

function page(title: string, kind: string, lines: readonly string[]): string {
  const paragraphs = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · codex-oauth</title>
<style>${style}</style>
</head>
<body>
<main class="${kind}">
<span class="mark"></span>
<h1>${escapeHtml(title)}</h1>
${paragraphs}
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
