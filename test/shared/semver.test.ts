import { expect, test } from "vitest";
import { higherVersion, isVersion } from "../../src/shared/semver.ts";
import { fc } from "../support/chance.ts";

test.each([
  ["0.169.0", "0.155.0", "0.169.0"],
  ["0.9.0", "0.10.0", "0.10.0"],
  ["1.0.0", "0.999.999", "1.0.0"],
  ["0.169.0", "0.169.1", "0.169.1"],
  ["0.169.0", undefined, "0.169.0"],
  ["0.169.0", "newest", "0.169.0"],
  ["0.169.0", "9.9.9\r\nx-evil: 1", "0.169.0"],
])("the higher one of %s and %s is %s", (a, b, expected) => {
  expect(higherVersion(a, b)).toBe(expected);
});

test("numbers are compared as numbers, part by part", () => {
  const part = fc.nat({ max: 999_999 });
  fc.assert(
    fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (a, b) => {
      const higher = a.every((value, at) => value === b[at])
        ? a
        : (a.find((value, at) => value !== b[at]) ?? 0) > (b.find((value, at) => value !== a[at]) ?? 0)
          ? a
          : b;
      expect(higherVersion(a.join("."), b.join("."))).toBe(higher.join("."));
    }),
  );
});

test("only three plain numbers are a version", () => {
  expect(isVersion("0.169.0")).toBe(true);
  for (const text of ["0.169", "0.169.0-beta", "v0.169.0", "0.169.0 ", "1.2.3.4", ""]) {
    expect(isVersion(text)).toBe(false);
  }
});
