import { posix } from "node:path";
import { expect, test } from "vitest";
import { documents, type Document } from "../support/documents.ts";

/** Exports that only tests import, as `file#name`, and why each has to be exported all the same. */
const forTests: Readonly<Record<string, string>> = {
  "src/auth/session/auth-file.ts#readRecord":
    "properties of the stored form are tested against records; `parseAuthFile` takes whole files",
  "src/mcp/server.ts#instructions": "the test with the real Claude Code compares them with what the model sees",
  "src/platform/programs.ts#invocation": "only Windows shows how the command line of a .cmd file is passed on",
};

const sources = ["src", "scripts", "bench"].flatMap((folder) =>
  [".ts", ".mjs"].flatMap((ending) => documents(folder, ending)),
);

/** What a file takes from another one of the repository: names, or its whole text for an `import()`. */
interface Taken {
  from: string;
  names: ReadonlySet<string>;
}

/** "*" alone stands for everything that is exported on. */
function words(text: string): ReadonlySet<string> {
  return /^(type )?\*$/.test(text) ? new Set(["*"]) : new Set(text.match(/[\w$]+/g));
}

/** The static and dynamic imports of a file, and those in a text that it hands to the bundler. */
function importsOf({ path, text }: Document): Taken[] {
  const place = (specifier: string): string => {
    // A script's text for the bundler is resolved from the root.
    return specifier.startsWith("./src/") ? specifier.slice(2) : posix.join(posix.dirname(path), specifier);
  };
  const fixed = [...text.matchAll(/^\s*(?:import|export)\s([^;"'`]*?)\sfrom\s"(\.[^"]+)"/gm)];
  const dynamic = [...text.matchAll(/\bimport\("(\.[^"]+)"\)/g)];
  return [
    ...fixed.map(([, names = "", from = ""]) => ({ from: place(from), names: words(names) })),
    ...dynamic.map(([, from = ""]) => ({ from: place(from), names: words(text) })),
  ];
}

/** The values and types that a file declares and exports. */
function exportsOf({ text }: Document): string[] {
  const declaration =
    /^export (?:async )?(?:const|let|function\*?|(?:abstract )?class|interface|type(?= [\w$]+[ <])) ([\w$]+)/gm;
  return [...text.matchAll(declaration)].map(([, name = ""]) => name);
}

const taken = sources.flatMap(importsOf);
const unused = sources
  .filter(({ path }) => path.startsWith("src/"))
  .flatMap((file) => exportsOf(file).map((name) => ({ path: file.path, name })))
  .filter(({ path, name }) => !taken.some(({ from, names }) => from === path && (names.has(name) || names.has("*"))))
  .map(({ path, name }) => `${path}#${name}`);

test("every export of src is used by another file of the product, or has a reason here", () => {
  expect(unused.sort()).toEqual(Object.keys(forTests).sort());
});

test("exports and imports of every form are found", () => {
  const file = (path: string, text: string): Document => ({ path, text });
  const exporter = file(
    "",
    "export const a = 1;\nexport async function b() {}\nexport class C {}\nconst d = 1;\nexport interface E {}\nexport type F<T> = T;\nexport type { G };\n",
  );
  expect(exportsOf(exporter)).toEqual(["a", "b", "C", "E", "F"]);
  const importer = file(
    "src/app/x.ts",
    'import {\n  a,\n  type B,\n} from "../b.ts";\nimport type { C } from "./c.ts";\nexport { d } from "./d.ts";\n' +
      'export type * from "./all.ts";\n' +
      'const { e } = await import("./e.ts");\nimport { f } from "f";\n',
  );
  expect(importsOf(importer)).toMatchObject([
    { from: "src/b.ts", names: new Set(["a", "type", "B"]) },
    { from: "src/app/c.ts", names: new Set(["type", "C"]) },
    { from: "src/app/d.ts", names: new Set(["d"]) },
    { from: "src/app/all.ts", names: new Set(["*"]) },
    { from: "src/app/e.ts", names: words(importer.text) },
  ]);
  const script = file("scripts/docs.mjs", 'const stdin = `\n  export { g } from "./src/g.ts";\n`;');
  expect(importsOf(script)).toEqual([{ from: "src/g.ts", names: new Set(["g"]) }]);
});
