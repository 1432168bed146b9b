import { expect, test } from "vitest";
import { storageError } from "../../../src/platform/files/errors.ts";
import { renderNext } from "../../../src/render/next-step.ts";
import { CodexError } from "../../../src/shared/errors.ts";

test.each([
  ["EMFILE", "Too many files are open in this process.", /^Raise the limit \(ulimit -n\) or close other windows, then/],
  ["ENFILE", "Too many files are open in this system.", /^Close other programs or windows, then/],
])("%s names what is used up, not the file", (code, why, next) => {
  const thrown = Object.assign(new Error("open"), { code });
  const error = storageError(thrown, "/home/me/auth.json", "read the login file") as CodexError;
  expect(error).toMatchObject({ code: "STORAGE", details: { why } });
  expect(renderNext(error, "cli")).toMatch(next);
});

test("an error that is not of the system stays as it is", () => {
  for (const thrown of [new Error("x"), new CodexError("CONFIG", "x"), undefined]) {
    expect(storageError(thrown, "/x", "read it")).toBe(thrown);
  }
});
