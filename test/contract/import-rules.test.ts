import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documents, has, mentions, read, root } from "../support/documents.ts";

interface Restriction {
  path?: string | string[];
  pathNot?: string | string[];
}
interface Rule {
  name: string;
  from: Restriction;
  to: Restriction & { dependencyTypes?: string[]; dependencyTypesNot?: string[] };
}

const { forbidden } = createRequire(import.meta.url)(join(root, ".dependency-cruiser.cjs")) as {
  forbidden: Rule[];
};
const sources = ["src", "test", "bench", "scripts"].flatMap((folder) => documents(folder, ".ts"));

function matches(pattern: string): boolean {
  const packaged = /node_modules\/[@\w.-]+/.exec(pattern)?.[0];
  if (packaged !== undefined) return has(packaged);
  if (/^\^\w+\$$/.test(pattern)) return true; // a module of Node's own
  return sources.some(({ path }) => new RegExp(pattern).test(path));
}

test.each(forbidden)("every pattern of the import rule $name matches something", ({ from, to }) => {
  for (const pattern of [from.path, from.pathNot, to.path, to.pathNot]) {
    for (const one of [pattern ?? []].flat()) expect(matches(one), one).toBe(true);
  }
});

test("every source file has its place in the one order of imports", () => {
  const layered = forbidden.filter(({ name }) => name.endsWith("-imports-only-what-stands-below"));
  const places = layered.flatMap(({ from, to }) => [from.path ?? [], to.path ?? []].flat());
  for (const { path } of documents("src", ".ts")) {
    expect(
      places.some((pattern) => new RegExp(pattern).test(path)),
      path,
    ).toBe(true);
  }
});

test("no import rule makes an exception for types", () => {
  for (const { name, to } of forbidden) {
    if (name === "initialize-is-answered-before-the-program-is-loaded") continue; // types load nothing
    expect(to.dependencyTypesNot ?? [], name).not.toContain("type-only");
  }
});

const ruleNamed = (name: string): Rule => forbidden.find((one) => one.name === name)!;
const forbids = ({ to }: Rule, path: string): boolean =>
  [to.path ?? []].flat().some((pattern) => new RegExp(pattern).test(path));

test("a package counts as one outside the edges, however it is declared, and if nothing declares it", () => {
  const types = read("node_modules/dependency-cruiser/types/shared-types.d.mts");
  const kinds = mentions(types, /"npm[a-z-]*"/g).map((quoted) => quoted.slice(1, -1));
  expect(kinds).toEqual(expect.arrayContaining(["npm", "npm-dev", "npm-no-pkg"]));
  const { to } = ruleNamed("node-and-packages-only-at-the-edges");
  expect(to.dependencyTypes?.toSorted()).toEqual(["core", ...kinds].toSorted());
});

test("before the program is loaded, the protocol's files import no folder but their own and the two lowest", () => {
  const rule = ruleNamed("initialize-is-answered-before-the-program-is-loaded");
  for (const { path } of documents("src", ".ts").filter((file) => /^src\/\w+\//.test(file.path))) {
    if (/^src\/(mcp|cli)\/|^src\/app\/library\.ts$/.test(path)) continue; // the entry points have rules of their own
    expect(forbids(rule, path), path).toBe(!/^src\/(platform|shared)\//.test(path));
  }
});
