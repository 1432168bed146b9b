import { expect, test } from "vitest";
import { windowName } from "../../src/quota/quota.ts";

test.each([
  [300, "5 h"],
  [60, "1 h"],
  [90, "90 min"],
  [1_440, "day"],
  [4_320, "3 d"],
  [10_080, "week"],
  [40_320, "month"],
  [43_200, "month"],
  [44_640, "month"],
])("a window of %i minutes is called %s", (minutes, name) => {
  expect(windowName(minutes)).toBe(name);
});
