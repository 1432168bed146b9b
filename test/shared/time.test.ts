import { expect, test } from "vitest";
import { localTime, span } from "../../src/shared/time.ts";

const noon = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;

test("today's moments have only a time, others weekday and date as well", () => {
  expect(localTime(noon + 2 * hour + 3 * 60_000, noon, "UTC")).toBe("14:03");
  expect(localTime(noon + 36 * hour, noon, "UTC")).toBe("Sun 22 Nov 00:00");
  expect(localTime(noon - 13 * hour, noon, "UTC")).toBe("Thu 19 Nov 23:00");
});

test("a moment is shown in the reader's time zone, where today may be another day", () => {
  expect(localTime(noon, noon, "Asia/Tokyo")).toBe("21:00");
  expect(localTime(noon + 4 * hour, noon, "Asia/Tokyo")).toBe("Sat 21 Nov 01:00");
  expect(localTime(noon + 4 * hour, noon, "America/New_York")).toBe("11:00");
});

test.each([
  [-5_000, "0 s"],
  [0, "0 s"],
  [12_400, "12 s"],
  [60_000, "1 min"],
  [59 * 60_000, "59 min"],
  [hour, "1 h"],
  [3 * hour + 20 * 60_000, "3 h 20 min"],
  [47 * hour, "47 h"],
  [9 * 24 * hour, "9 d"],
])("%i ms are %s", (ms, words) => {
  expect(span(ms)).toBe(words);
});
