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
  [1, "1 s"],
  [12_400, "13 s"],
  [59_001, "1 min"],
  [60_000, "1 min"],
  [119_000, "2 min"],
  [59 * 60_000, "59 min"],
  [59 * 60_000 + 1, "1 h"],
  [hour, "1 h"],
  [hour + 1, "1 h 1 min"],
  [3 * hour + 20 * 60_000, "3 h 20 min"],
  [47 * hour, "47 h"],
  [48 * hour - 1, "2 d"],
  [9 * 24 * hour, "9 d"],
  [9 * 24 * hour + 1, "10 d"],
])("%i ms are %s: whoever waits that long has waited enough", (ms, words) => {
  expect(span(ms)).toBe(words);
});
