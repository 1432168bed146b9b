import { expect, test } from "vitest";
import { preferredLanguage } from "../../src/render/language.ts";

test.each([
  [undefined, "en"],
  ["", "en"],
  ["en-US,en;q=0.9", "en"],
  ["zh-CN,zh;q=0.9,en;q=0.8", "zh"],
  ["en-US,en;q=0.9,zh;q=0.8", "en"],
  ["en;q=0.7, zh;q=0.8", "zh"],
  ["en;q=0.1,zh-TW", "zh"],
  ["ZH-hans-CN", "zh"],
  ["de,fr;q=0.9", "en"],
  ["de, zh;q=0.5", "zh"],
  ["de, zh;q=0.5, en;q=0.4", "zh"],
  ["*", "en"],
  ["*;q=0.5, zh;q=0.1", "en"],
  ["en;q=0, *", "zh"],
  ["zh;q=0", "en"],
  ["zh;q=0, zh-CN", "zh"],
  ["zh,en", "zh"],
  ["en,zh", "en"],
  ["en;q=0.5,zh;q=0.500", "en"],
  ["zh ; q=0.9 , en ; q=0.8", "zh"],
])("%s is %s", (field, language) => {
  expect(preferredLanguage(field)).toBe(language);
});

test.each([
  "zh;q=high",
  "zh;q=2",
  "zh;q=1.5",
  "zh;q=0.12345",
  "zh;level=1",
  "zhongwen-and-much-longer",
  "zh_CN",
  "<script>",
  `zh${"-x".repeat(20_000)}!`,
  ",".repeat(50_000),
])("what is written in no known way counts for nothing: %.20s", (field) => {
  expect(preferredLanguage(field)).toBe("en");
  expect(preferredLanguage(`${field}, zh;q=0.1`)).toBe("zh");
});
