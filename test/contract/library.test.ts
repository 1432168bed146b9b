import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { errorCodes } from "../../src/shared/errors.ts";
import { codeBlocks, mentions, read, root } from "../support/documents.ts";

/** The heading and the code of each section of the reference; a word in its prose documents no member. */
const sections = read("docs/library.md")
  .split(/^(?=##)/m)
  .map((text) => {
    const spans = mentions(text.replace(/^```[^]*?^```$/gm, ""), /^#.*|`[^`\n]+`/gm);
    return [...spans, ...codeBlocks(text, "js")].join("\n");
  });

const names = (code: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(code);

const settings: unknown = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile.bind(ts.sys)).config;
const { options } = ts.parseJsonConfigFileContent(settings, ts.sys, root);
const entry = join(root, "src/index.ts");
const program = ts.createProgram([entry], options);
const checker = program.getTypeChecker();
const file = program.getSourceFile(entry);
const index = file && checker.getSymbolAtLocation(file);
const exported = (index === undefined ? [] : checker.getExportsOfModule(index)).map((symbol) =>
  (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol),
);

test.each(exported.map((symbol) => [symbol.name, symbol] as const))(
  "the reference names %s, and each of its members in a section about it",
  (name, symbol) => {
    const about = sections.filter((code) => names(code, `${name}s?`));
    expect(about).not.toEqual([]);
    expect(membersOf(symbol).filter((member) => !about.some((code) => names(code, member)))).toEqual([]);
  },
);

test("the check finds every export, and members wherever a type has them", () => {
  const members = (name: string): string[] => {
    const symbol = exported.find((one) => one.name === name);
    return symbol === undefined ? [] : membersOf(symbol);
  };
  expect(exported.length).toBeGreaterThan(40);
  expect(members("CredentialStore")).toEqual(["load", "save"]);
  expect(members("CodexOptions")).toContain("openBrowser"); // optional
  expect(members("Models")).toContain("fetchedAt"); // of an interface that it extends
  expect(members("SignIn")).toContain("userCode"); // of one type of a union
  expect(members("SignIn")).toContain("because"); // of a type without an export
  expect(members("Codex")).toContain("verbose"); // of a method's argument
  expect(members("CodexError")).toContain("with"); // of a class
  expect(members("Status")).not.toContain("windows"); // Quota has an export of its own
});

/** The members that an export declares in src, and those of the types in it that have no export of their own. */
function membersOf(symbol: ts.Symbol): string[] {
  const found = new Set<string>();
  const seen = new Set<ts.Type>();
  const visit = (type: ts.Type): void => {
    const owners = [type.aliasSymbol, type.symbol as ts.Symbol | undefined];
    if (owners.some((owner) => owner !== undefined && owner !== symbol && exported.includes(owner))) return;
    if (!seen.has(type)) explore(type);
  };
  const explore = (type: ts.Type): void => {
    seen.add(type);
    if (type.isUnionOrIntersection()) type.types.forEach(visit);
    if (isReference(type)) checker.getTypeArguments(type).forEach(visit);
    for (const signature of type.getCallSignatures()) {
      [...signature.parameters.map((one) => checker.getTypeOfSymbol(one)), signature.getReturnType()].forEach(visit);
    }
    for (const property of type.getProperties()) {
      if (!isDeclaredInSrc(property)) continue;
      if (/^[a-z]\w*$/i.test(property.name) && !(property.name in errorCodes)) found.add(property.name);
      visit(checker.getTypeOfSymbol(property));
    }
  };
  const isType = (symbol.flags & (ts.SymbolFlags.Type | ts.SymbolFlags.Class)) !== 0;
  explore(isType ? checker.getDeclaredTypeOfSymbol(symbol) : checker.getTypeOfSymbol(symbol));
  return [...found];
}

function isReference(type: ts.Type): type is ts.TypeReference {
  return ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
}

function isDeclaredInSrc(symbol: ts.Symbol): boolean {
  const source = symbol.declarations?.[0]?.getSourceFile().fileName;
  return source?.startsWith(join(root, "src")) === true;
}
