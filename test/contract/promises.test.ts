import { expect, test } from "vitest";
import { documents, mentions } from "../support/documents.ts";

const sources = documents("src", ".ts");
const source = sources.map(({ text }) => text).join("\n");
const filesWith = (pattern: RegExp): string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

test("the source names no other host than the three that it talks to", () => {
  const hosts = new Set(mentions(source, /https?:\/\/([\w.-]+\.[a-z]{2,})/g));
  // Two of the names below only stand for claims of a token; the third is the API for keys.
  expect([...hosts].sort()).toEqual(["api.openai.com", "auth.openai.com", "chatgpt.com"]);
  expect(mentions(source, /"https:\/\/api\.openai\.com\/(\w+)"/g).sort()).toEqual(["auth", "profile", "v1"]);
});

test("one file sends requests, one opens the browser, and three start programs: this one again, claude and Windows' own, and Node to ask the keyring", () => {
  expect(filesWith(/import\("undici"\)/)).toEqual(["src/http/http.ts"]);
  expect(filesWith(/import\("open"\)/)).toEqual(["src/platform/host.ts"]);
  expect(filesWith(/node:child_process/).sort()).toEqual([
    "src/platform/detached-process.ts",
    "src/platform/keyring.ts",
    "src/platform/programs.ts",
  ]);
  expect(filesWith(/\brunProgram\(/).filter((path) => !path.includes("platform/"))).toEqual([
    "src/cli/install/claude-code.ts",
  ]);
  expect(mentions(source, /(?<!function )\bsystemProgram\("(\w+)"/g).sort()).toEqual(["cmd", "icacls", "whoami"]);
  expect(filesWith(/node:https"|(?<![#\w])fetch\(/)).toEqual([]);
});

test("the official client's folder is looked into at one place, and only to read its login", () => {
  expect(filesWith(/"\.codex\b|CODEX_HOME/).sort()).toEqual([
    "src/cli/install/hosts.ts", // shows where its configuration goes, and touches nothing
    "src/config/environment.ts",
  ]);
  expect(filesWith(/\bcodexHome\b/).sort()).toEqual(["src/app/queries.ts", "src/config/environment.ts"]);
  const guest = sources.find(({ path }) => path === "src/auth/codex-cli.ts");
  expect(guest?.text).toContain("readSecureFile");
  expect(guest?.text).not.toMatch(/writeSecureFile|FileLock|refresh_?token|makePrivateFolder|node:fs/i);
});

test("the environment is read in one place, and the project's folder nowhere", () => {
  expect(filesWith(/process\.env\b/)).toEqual([
    "src/app/library.ts",
    "src/app/runtime.ts",
    "src/cli/main.ts",
    "src/main.ts", // takes relative folders out of PATH, before anything reads it
  ]);
  const start = sources.find(({ path }) => path === "src/main.ts")?.text ?? "";
  expect(mentions(start, /^(.*process\.env\b.*)$/gm)).toEqual(["dropRelativeFolders(process.env);"]);
  expect(filesWith(/process\.cwd|CLAUDE_PROJECT_DIR/)).toEqual([]);
  // Programs are started where the batch file is, not in the project's folder.
  expect(filesWith(/\bcwd\b/)).toEqual(["src/platform/programs.ts"]);
});

test("the API key is read from the environment only, and is no argument and no part of the file", () => {
  expect(filesWith(/\b(?:get|env)\W+"OPENAI_API_KEY"/)).toEqual(["src/config/environment.ts"]);
  expect(filesWith(/\bapiKey\b/).sort()).toEqual([
    "src/app/platform.ts", // the redactor learns it
    "src/auth/api-key.ts",
    "src/config/environment.ts",
  ]);
});
