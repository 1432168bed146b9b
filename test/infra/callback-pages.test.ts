import { expect, test } from "vitest";
import { CodexError } from "../../src/core/errors.ts";
import { failurePage, pageHeaders, successPage } from "../../src/infra/callback-pages.ts";

const asIs = (text: string) => text;

function pageOf(why: string): string {
  return failurePage({ error: new CodexError("AUTH_DENIED", "Refused.", { why }) }, asIs);
}

const pages: [string, string][] = [
  ["success", successPage()],
  ["failure", pageOf("The person said no.")],
];

test.each(pages)("the page of %s asks for nothing from elsewhere", (_, page) => {
  for (const word of ["http:", "https:", "//", "src=", "href=", "url(", "@import", "<script"]) {
    expect(page).not.toContain(word);
  }
});

test.each(pages)("the page of %s has colours for light and for dark", (_, page) => {
  expect(page).toContain("color-scheme: light dark");
  expect(page).toContain("prefers-color-scheme: dark");
});

test.each(pages)("the page of %s is whole, and says that the tab can be closed", (_, page) => {
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(page).toContain('<meta charset="utf-8">');
  expect(page.trimEnd()).toMatch(/<\/html>$/);
  expect(page).toContain("close this tab");
});

test("a failure says what happened, why, and what to do next", () => {
  const error = new CodexError("AUTH_DENIED", "It was refused.", { why: "Somebody said no." });
  const page = failurePage({ error }, asIs);
  for (const text of ["Sign-in failed", "It was refused.", "Somebody said no.", "codex_login"]) {
    expect(page).toContain(text);
  }
});

test("a failure that is not ours shows nothing of what was thrown", () => {
  const page = failurePage({ error: new Error("secret detail") }, asIs);
  expect(page).toContain("Sign-in failed");
  expect(page).not.toContain("secret detail");
});

test.each([
  ["<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"],
  ['"><img src=x onerror=alert(1)>', "&#34;&#62;&#60;img src=x onerror=alert(1)&#62;"],
  ["'&amp;", "&#39;&#38;amp;"],
  ["</style></title><b>", "&#60;/style&#62;&#60;/title&#62;&#60;b&#62;"],
])("shows %s as text", (hostile, escaped) => {
  const page = pageOf(hostile);
  expect(page).toContain(escaped);
  expect(page).not.toContain(hostile);
});

test("takes out of the reason what must not be seen", () => {
  const error = new CodexError("AUTH_DENIED", "about XYZ", { why: "why XYZ", next: "next XYZ" });
  const page = failurePage({ error }, (text) => text.replaceAll("XYZ", "***"));
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
