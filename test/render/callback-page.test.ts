import { expect, test } from "vitest";
import type { CallbackOutcome } from "../../src/auth/sign-in/callback/handler.ts";
import { CodexError, type CodexErrorCode } from "../../src/shared/errors.ts";
import { renderCallbackPage } from "../../src/render/callback-page.ts";
import { pageTexts, type PageKind } from "../../src/render/callback-page-text.ts";
import type { Language } from "../../src/render/language.ts";
import { act } from "../../src/shared/next-step.ts";

type Brought = Extract<CallbackOutcome, { kind: "failed" }>["brought"];

const languages = Object.keys(pageTexts) as Language[];
const asIs = (text: string) => text;

function failed(error: unknown, brought: Brought = "error", redact = asIs, language = "en"): string {
  return renderCallbackPage({ kind: "failed", error, brought }, language, redact);
}

const denial = (why: string) => failed(new CodexError("AUTH_DENIED", "Refused.", { why }));

function failure(code: CodexErrorCode, brought: Brought): CallbackOutcome {
  return { kind: "failed", error: new CodexError(code, "It happened.", { next: [act("Do it")] }), brought };
}

/** An outcome for every page. */
const outcomes: Readonly<Record<PageKind, CallbackOutcome>> = {
  "signed-in": { kind: "signed-in" },
  denied: failure("AUTH_DENIED", "error"),
  used: failure("AUTH_DENIED", "code"),
  expired: failure("LOGIN_TIMEOUT", "code"),
  ended: failure("CANCELLED", "code"),
  unsaved: failure("STORAGE", "code"),
  unfinished: failure("UPSTREAM", "code"),
  state: { kind: "state" },
  issuer: { kind: "issuer" },
  code: { kind: "code" },
  path: { kind: "path" },
  host: { kind: "host" },
  method: { kind: "method" },
  browser: { kind: "browser" },
  user: { kind: "user" },
  twice: { kind: "twice" },
};
const kinds = Object.keys(outcomes) as PageKind[];
const pages = languages.flatMap((language) =>
  kinds.map((kind): [string, PageKind, string] => [language, kind, renderCallbackPage(outcomes[kind], language, asIs)]),
);

test.each(pages)("the page in %s of %s asks for nothing from elsewhere", (_, __, page) => {
  for (const word of ["http:", "https:", "//", "src=", "href=", "url(", "@import", "<script"]) {
    expect(page).not.toContain(word);
  }
});

test.each(pages)("the page in %s of %s has colours for light and for dark", (_, __, page) => {
  expect(page).toContain("color-scheme: light dark");
  expect(page).toContain("prefers-color-scheme: dark");
});

test.each(pages)("the page in %s of %s is whole, and says that the tab can be closed", (...args) => {
  const [language, kind, page] = args;
  const tag = { en: "en", zh: "zh-Hans" }[language];
  expect(page).toMatch(new RegExp(`^<!doctype html>\n<html lang="${tag}">`));
  expect(page).toContain('<meta charset="utf-8">');
  expect(page.trimEnd()).toMatch(/<\/html>$/);
  expect(page).toMatch(/[Yy]ou can close this tab|可以关闭此标签页/);
  expect(page).toContain(`<h1>${pageTexts[language as "en"].pages[kind].title}</h1>`);
});

test("every page has words of its own in each language", () => {
  for (const language of languages) {
    const titles = kinds.map((kind) => pageTexts[language].pages[kind].title);
    expect(new Set(titles).size).toBe(kinds.length);
    for (const { summary: lead, next } of Object.values(pageTexts[language].pages)) {
      expect([lead, ...next].join("")).toMatch(language === "zh" ? /\p{Script=Han}/u : /^[ -~]+$/);
    }
  }
});

test("on a Chinese page what stays English says so", () => {
  const error = new CodexError("AUTH_DENIED", "It was refused.", { next: [act("Ask somebody")] });
  const page = failed(error, "error", asIs, "zh");
  expect(page).toContain('<p lang="en">It was refused.</p>');
  expect(page).toContain('<li lang="en">Ask somebody.</li>');
});

test.each<[CodexErrorCode, Brought, PageKind]>([
  ["AUTH_DENIED", "error", "denied"],
  ["AUTH_DENIED", "code", "used"],
  ["LOGIN_TIMEOUT", "code", "expired"],
  ["CANCELLED", "code", "ended"],
  ["STORAGE", "code", "unsaved"],
  ["UPSTREAM", "code", "unfinished"],
  ["NETWORK", "code", "unfinished"],
  ["PROTOCOL", "code", "unfinished"],
])("%s after the browser brought a %s has the page %s", (code, brought, kind) => {
  expect(failed(new CodexError(code, "x"), brought)).toContain(`<h1>${pageTexts.en.pages[kind].title}</h1>`);
});

test("a failure says what happened, why, and what to do next", () => {
  const error = new CodexError("AUTH_DENIED", "It was refused.", { why: "Somebody said no." });
  const page = failed(error);
  for (const text of ["Sign-in failed", "It was refused.", "Somebody said no.", "start the sign-in again"]) {
    expect(page).toContain(text);
  }
});

test("a failure that is not ours shows nothing of what was thrown", () => {
  const page = failed(new Error("secret detail"), "code");
  expect(page).toContain("Sign-in failed");
  expect(page).not.toContain("secret detail");
});

test.each([
  ["<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"],
  ['"><img src=x onerror=alert(1)>', "&#34;&#62;&#60;img src=x onerror=alert(1)&#62;"],
  ["'&amp;", "&#39;&#38;amp;"],
  ["</style></title><b>", "&#60;/style&#62;&#60;/title&#62;&#60;b&#62;"],
])("shows %s as text", (hostile, escaped) => {
  const page = denial(hostile);
  expect(page).toContain(escaped);
  expect(page).not.toContain(hostile);
});

test("takes out of the reason what must not be seen", () => {
  const error = new CodexError("AUTH_DENIED", "about XYZ", {
    why: "why XYZ",
    next: [act("next XYZ")],
  });
  const page = failed(error, "error", (text) => text.replaceAll("XYZ", "***"));
  expect(page).not.toContain("XYZ");
  expect(page.match(/\*\*\*/g)).toHaveLength(3);
});

test.each(languages)("each page names an API that is not OpenAI's before anything else (%s)", (language) => {
  for (const kind of kinds) {
    const page = renderCallbackPage(outcomes[kind], language, asIs, "gateway.test<b>");
    expect(page.slice(0, page.indexOf("<h1>"))).toContain("gateway.test&#60;b&#62;");
    expect(renderCallbackPage(outcomes[kind], language, asIs)).not.toContain('class="warning"');
  }
});

test("a page that was there for the success says so, and keeps no further step", () => {
  const page = renderCallbackPage({ kind: "signed-in" }, "en", asIs);
  expect(page).toContain("<h1>Signed in</h1>");
  expect(page).not.toContain("Details");
});
