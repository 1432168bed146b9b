import { dirname } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { documents } from "../support/documents.ts";

const sources = documents("src", "").map(({ path, text }) => ({ path, text, lines: text.split("\n").length - 1 }));

// It was 200 and 18,000 before the encrypted login, the refresh by claims, the sign-in that is bound to its browser, and
// the login that is set aside. What is added within these features has to find its room here.
test("src has at most 205 files and 19,500 lines", () => {
  expect(sources.length).toBeLessThanOrEqual(205);
  expect(sources.reduce((sum, { lines }) => sum + lines, 0)).toBeLessThanOrEqual(19_500);
});

test("no folder of src has more than 25 files directly in it", () => {
  const folders = sources.map(({ path }) => dirname(path));
  expect(new Set(folders).size).toBeGreaterThan(10);
  for (const folder of new Set(folders)) {
    expect(folders.filter((one) => one === folder).length, folder).toBeLessThanOrEqual(25);
  }
});

test("at most 12 files of src have 12 lines or fewer", () => {
  const small = sources.filter(({ lines }) => lines <= 12).map(({ path }) => path);
  expect(small.length, small.join(", ")).toBeLessThanOrEqual(12);
});

test("no file of src only forwards, except the package's entry", () => {
  expect(sources.filter(onlyForwards).map(({ path }) => path)).toEqual(["src/index.ts"]);
});

/** True for a file without a declaration or a call of its own: imports and exports are all that it has. */
function onlyForwards({ path, text }: { path: string; text: string }): boolean {
  return ts
    .createSourceFile(path, text, ts.ScriptTarget.Latest)
    .statements.every(
      (one) => ts.isImportDeclaration(one) || ts.isExportDeclaration(one) || ts.isExportAssignment(one),
    );
}
