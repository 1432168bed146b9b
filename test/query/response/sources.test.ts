import { expect, test } from "vitest";
import { newSources, toSource } from "../../../src/query/response/sources.ts";

const lock = { url: "https://a.test/lock", title: "Locks" };

test("a source has a URL of the web and a title on one line", () => {
  expect(toSource("https://a.test/lock?x=1", " \u001b[31mLocks\n explained ")).toEqual({
    url: "https://a.test/lock?x=1",
    title: "Locks explained",
  });
  expect(toSource("http://a.test", undefined)).toEqual({ url: "http://a.test/", title: undefined });
  expect(toSource("https://a.test/", "x".repeat(500))?.title).toHaveLength(200);
});

test.each([
  "javascript:alert(1)",
  "file:///etc/passwd",
  "data:text/html,x",
  "ftp://a.test/",
  "/relative",
  "",
  "https://user:word@a.test/",
  `https://a.test/${"x".repeat(2_000)}`,
])("%s is no source", (url) => {
  expect(toSource(url, "Locks")).toBeUndefined();
});

test("line ends and escapes of a URL do not stay in it", () => {
  expect(toSource("https://a.test/\u001b[31m\nred", undefined)?.url).toBe("https://a.test/%1B[31mred");
});

test("a source is told once, and not where its URL stands in the text", () => {
  const other = { url: "https://a.test/locks", title: "More" };
  expect(newSources("Use a lock.", [lock, other, lock])).toEqual([lock, other]);
  expect(newSources("See https://a.test/lock.", [lock])).toEqual([]);
  expect(newSources("See [Locks](https://a.test/lock), too.", [lock])).toEqual([]);
  expect(newSources("See https://a.test/locks", [lock, other])).toEqual([lock]);
  expect(newSources("See https://a.test/lock.html", [lock])).toEqual([lock]);
  expect(newSources("See https://a.test for it.", [{ url: "https://a.test/", title: "" }])).toEqual([]);
});

test("at most twenty sources are told", () => {
  const many = Array.from({ length: 50 }, (_, n) => ({ url: `https://a.test/${n}`, title: "x" }));
  expect(newSources("", many)).toEqual(many.slice(0, 20));
});
