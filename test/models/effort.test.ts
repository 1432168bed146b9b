import { expect, test } from "vitest";
import { clampEffort, isReasoningEffort, reasoningEfforts } from "../../src/models/effort.ts";
import { fc } from "../support/chance.ts";

const effort = fc.constantFrom(...reasoningEfforts);
const supported = fc.option(fc.array(fc.oneof(effort, fc.constant("blazing"))), { nil: undefined });

test("ultra never goes on the wire, whatever is asked and accepted", () => {
  fc.assert(fc.property(effort, supported, (asked, accepted) => clampEffort(asked, accepted) !== "ultra"));
});

test("an accepted effort is sent as it is", () => {
  fc.assert(
    fc.property(effort, fc.array(effort), (asked, others) => {
      fc.pre(asked !== "ultra");
      expect(clampEffort(asked, [...others, asked])).toBe(asked);
    }),
  );
});

test("what is sent is accepted, where the model accepts anything but ultra", () => {
  fc.assert(
    fc.property(effort, fc.array(effort, { minLength: 1 }), (asked, accepted) => {
      fc.pre(accepted.some((one) => one !== "ultra"));
      expect(accepted).toContain(clampEffort(asked, accepted));
    }),
  );
});

test.each([
  ["max", ["low", "medium"], "medium"],
  ["minimal", ["low", "medium"], "low"],
  ["none", ["low", "high"], "low"],
  ["medium", ["low", "high"], "low"],
  ["ultra", ["low", "xhigh", "ultra"], "xhigh"],
  ["ultra", undefined, "max"],
  ["xhigh", undefined, "xhigh"],
  ["ultra", [], "max"],
] as const)("%s for a model that takes %j is sent as %s", (asked, accepted, sent) => {
  expect(clampEffort(asked, accepted)).toBe(sent);
});

test("only the known words are efforts", () => {
  expect(reasoningEfforts.every(isReasoningEffort)).toBe(true);
  expect(isReasoningEffort("High")).toBe(false);
  expect(isReasoningEffort("toString")).toBe(false);
});
