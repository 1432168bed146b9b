import { expect, test } from "vitest";
import { bundledModels, bundledModelsDate } from "../../src/models/bundled.ts";
import type { ModelList } from "../../src/models/model.ts";
import { renderModels } from "../../src/render/models.ts";

const now = Date.UTC(2026, 10, 22, 12);
const live: ModelList = {
  models: bundledModels,
  source: "live",
  fetchedAt: now - 5 * 60_000,
  fresh: true,
};

function render(list: Partial<ModelList> = {}, chosen?: string): string {
  return renderModels({ ...live, ...list }, chosen, now, "UTC");
}

test("names what each model is for, its efforts, context, input and speed, best first", () => {
  const [first, second, third] = render().split("\n");
  expect(first).toBe("gpt-6.1-sol (default): Newest workhorse, for code and everyday questions.");
  expect(second).toBe(
    "  effort low (default), medium, high, xhigh, max, ultra · context 272,000, at most 872,000 tokens" +
      " · input text + image · speed tiers Fast",
  );
  expect(third).toMatch(/^gpt-6-astra: /);
});

test("a context without room to grow is one number", () => {
  expect(render()).toMatch(/gpt-5\.5: .*\n.*context 272,000 tokens/);
});

test("hidden models are not offered, unless one is the default", () => {
  expect(render()).not.toContain("codex-auto-review");
  expect(render({}, "codex-auto-review")).toContain("codex-auto-review (default): ");
});

test("a setting that names no known model is marked", () => {
  expect(render({}, "gpt-9").split("\n")[0]).toBe("gpt-9 (default, from CODEX_MODEL; not in this list)");
});

test.each([
  [{ source: "live" }, "This account's list, fetched 5 min ago."],
  [
    { source: "kept", fetchedAt: now - 49 * 3_600_000 },
    "This account's list as fetched 3 d ago; a newer one could not be had.",
  ],
  [
    { source: "bundled", fetchedAt: bundledModelsDate },
    "This account's list could not be had: this is the table of Fri 20 Nov 00:00 that comes with " +
      "codex-oauth. What this account may use can differ.",
  ],
] as const)("says how fresh the list is: %j", (list, words) => {
  expect(render(list).split("\n").at(-1)).toBe(words);
});

test("names from outside stay on their line, short and without controls", () => {
  const [model] = bundledModels;
  const odd = { ...model!, slug: "odd\n\u001b[31mname", description: "x".repeat(1000) };
  const [line] = render({ models: [odd] }).split("\n");
  expect(line).toMatch(/^odd name \(default\): x+…$/);
  expect(line!.length).toBeLessThan(300);
});

test("a description cannot turn the direction of the list", () => {
  const [model] = bundledModels;
  const text = render({ models: [{ ...model!, description: "fast\u202e and \u2067good" }] });
  expect(text).toContain(": fast and good\n");
});
