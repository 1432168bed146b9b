import { expect, test } from "vitest";
import { CodexError, type CodexErrorCode } from "../../../../src/shared/errors.ts";
import {
  failurePage,
  pageHeaders,
  renderPage,
  successPage,
  type SignInFailure,
} from "../../../../src/auth/sign-in/callback/page.ts";
import { pageTexts, type PageKind } from "../../../../src/auth/sign-in/callback/page-text.ts";
import type { Language } from "../../../../src/auth/sign-in/callback/language.ts";
import { act, either, retry, setVariable, signIn } from "../../../../src/shared/next-step.ts";

const languages = Object.keys(pageTexts) as Language[];
const asIs = (text: string) => text;

function failed(error: unknown, brought: SignInFailure["brought"] = "error", redact = asIs): string {
  return renderPage(failurePage({ error, brought }, redact), "en");
}

const denial = (why: string) => failed(new CodexError("AUTH_DENIED", "Refused.", { why }));

const kinds = Object.keys(pageTexts.en.pages) as PageKind[];
const pages = languages.flatMap((language) =>
  kinds.map((kind): [string, PageKind, string] => [
    language,
    kind,
    renderPage({ kind, details: ["It happened."], steps: ["Do it."] }, language),
  ]),
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
  const page = renderPage(failurePage({ error, brought: "error" }, asIs), "zh");
  expect(page).toContain('<p lang="en">It was refused.</p>');
  expect(page).toContain('<li lang="en">Ask somebody.</li>');
});

test("the page has the steps outside this program; where to sign in is its kind's own step", () => {
  const page = failurePage(
    {
      error: new CodexError("STORAGE", "No.", {
        next: [either(act("Correct the rights"), setVariable("CODEX_AUTH_FILE", "a writable place")), signIn, retry],
      }),
      brought: "code",
    },
    asIs,
  );
  expect(page.steps).toEqual(["Correct the rights, or set CODEX_AUTH_FILE to a writable place."]);
});

test.each<[CodexErrorCode, SignInFailure["brought"], PageKind]>([
  ["AUTH_DENIED", "error", "denied"],
  ["AUTH_DENIED", "code", "used"],
  ["LOGIN_TIMEOUT", "code", "expired"],
  ["CANCELLED", "code", "ended"],
  ["STORAGE", "code", "unsaved"],
  ["UPSTREAM", "code", "unfinished"],
  ["NETWORK", "code", "unfinished"],
  ["PROTOCOL", "code", "unfinished"],
])("%s after the browser brought a %s has the page %s", (code, brought, kind) => {
  expect(failurePage({ error: new CodexError(code, "x"), brought }, asIs).kind).toBe(kind);
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

test("the content policy allows the page's own style and nothing else", () => {
  const policy = String(pageHeaders("")["content-security-policy"]);
  expect(policy.split("; ").sort()).toEqual([
    "base-uri 'none'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "style-src 'unsafe-inline'",
  ]);
});

test("the length counts bytes, not characters", () => {
  expect(pageHeaders("ü·→")["content-length"]).toBe(7);
});

test("a page that was there for the success says so, and keeps no further step", () => {
  expect(renderPage(successPage, "en")).toContain("<h1>Signed in</h1>");
  expect(renderPage(successPage, "en")).not.toContain("Details");
});
