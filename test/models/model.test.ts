import { expect, test } from "vitest";
import { bundledModels, bundledModelsDate } from "../../src/models/bundled.ts";
import { isReasoningEffort } from "../../src/models/effort.ts";
import { defaultModel, findModel, usableNames } from "../../src/models/model.ts";

test("the default is the visible model with the lowest priority number", () => {
  expect(defaultModel(bundledModels)?.slug).toBe("gpt-6.1-sol");
  expect(defaultModel(bundledModels.filter(({ slug }) => slug !== "gpt-6.1-sol"))?.slug).toBe("gpt-6-astra");
  expect(defaultModel(bundledModels.filter(({ listed }) => !listed))).toBeUndefined();
  expect(defaultModel([])).toBeUndefined();
});

test("usable names are the visible ones, best first", () => {
  const names = usableNames(bundledModels.toReversed());
  expect(names.slice(0, 3)).toEqual(["gpt-6.1-sol", "gpt-6-astra", "gpt-6-sol"]);
  expect(names).not.toContain("codex-auto-review");
});

test("a hidden model is found by its name", () => {
  expect(findModel(bundledModels, "codex-auto-review")?.listed).toBe(false);
  expect(findModel(bundledModels, "gpt-5-codex")).toBeUndefined();
});

test("the bundled table is sound and has no retired name", () => {
  expect(bundledModels).toHaveLength(12);
  expect(new Date(bundledModelsDate).toISOString()).toBe("2026-11-20T00:00:00.000Z");
  const names = bundledModels.map(({ slug }) => slug);
  expect(new Set(names).size).toBe(names.length);
  for (const model of bundledModels) {
    expect(model.efforts.every(isReasoningEffort)).toBe(true);
    expect(model.efforts).toContain(model.defaultEffort);
    expect(model.lite).toBe(model.slug !== "gpt-5.5");
    expect(model.slug).not.toMatch(/^gpt-5(\.\d)?-codex|^gpt-5\.[1-4]/);
    if (model.upgradeTo !== undefined) expect(names).toContain(model.upgradeTo);
  }
});
