import { expect, test } from "vitest";
import { resolveServedModel, isSameModel } from "../../src/models/model-name.ts";

test.each([
  ["gpt-5.5", "gpt-5.5", true],
  ["gpt-5.5", "GPT-5.5", true],
  ["gpt-5.5", "gpt-5.5-2026-08-01", true],
  ["gpt-5.5", "gpt-5.5-20260801", true],
  ["gpt-4", "gpt-4-0613", true],
  ["gpt-daybreak-blue-latest", "gpt-daybreak-blue-2026-08-01", true],
  ["gpt-5.5", "gpt-5.5-mini", false],
  ["gpt-5.5", "gpt-5.5-mini-2026-08-01", false],
  ["gpt-5.5", "gpt-5.4-mini", false],
  ["gpt-5.5", "gpt-5", false],
  ["gpt-5.5-2026-08-01", "gpt-5.5-2026-09-01", false],
])("whether %s is answered as asked by %s", (asked, told, same) => {
  expect(isSameModel(asked, told)).toBe(same);
});

test("the last name that was told answers, but no repetition of the question hides another one", () => {
  const answering = (...told: string[]): string | undefined =>
    told.reduce<string | undefined>((before, name) => resolveServedModel("gpt-5.5", before, name), undefined);
  expect(answering("gpt-5.5", "gpt-5.5-2026-08-01")).toBe("gpt-5.5-2026-08-01");
  expect(answering("gpt-5.5", "gpt-5.4-mini")).toBe("gpt-5.4-mini");
  expect(answering("gpt-5.4-mini", "gpt-5.5")).toBe("gpt-5.4-mini");
  expect(answering("gpt-5.4-mini", "gpt-5.5", "gpt-5.4")).toBe("gpt-5.4");
});
