import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { errorCodes } from "../../src/shared/errors.ts";
import { settings } from "../../src/config/settings.ts";
import { securityClaims, unheldClaims } from "../../scripts/security-claims.ts";
import { readRecord } from "../../src/auth/session/auth-file.ts";
import { codeBlocks, documents, has, mentions, read, readJson, relativeLinks, root } from "../support/documents.ts";

const pages = documents("", ".md");
/** For users and engineers; docs/wire.md speaks of other programs' names as well. */
const guides = pages.filter(({ path }) => path !== "docs/wire.md");

describe("generated tables", () => {
  const script = join(root, "scripts/docs.mjs");
  const run = (mode: string, cwd: string) => spawnSync(process.execPath, [script, mode], { cwd, encoding: "utf8" });

  test("say what the source says", () => {
    expect(run("--check", root)).toMatchObject({ status: 0, stderr: "" });
  });

  test.each(["README.md", "DEPLOYMENT.md", "SECURITY.md", "docs/hosts/codex.md"])(
    "a wrong one in %s is found and mended",
    (name) => {
      const folder = mkdtempSync(join(tmpdir(), "codex-oauth-docs-"));
      onTestFinished(() => {
        rmSync(folder, { recursive: true, force: true });
      });
      for (const page of ["README.md", "DEPLOYMENT.md", "SECURITY.md", "docs"]) {
        cpSync(join(root, page), join(folder, page), { recursive: true });
      }
      const path = join(folder, name);
      const right = readFileSync(path, "utf8");
      writeFileSync(
        path,
        right.replace(/^(\| (`codex_models`|`BLOCKED`|A sign-out is undone) |tool_timeout_sec).*\n/m, ""),
      );
      const checked = run("--check", folder);
      expect(checked.status).toBe(1);
      expect(checked.stderr).toContain(name);
      expect(run("--write", folder).status).toBe(0);
      expect(readFileSync(path, "utf8")).toBe(right);
    },
  );
});

describe("security claims", () => {
  const title = "a sign-out of a test that exists";

  test("each is held by tests that exist", () => {
    expect(unheldClaims(securityClaims, root)).toEqual([]);
  });

  test.each([
    ["without a test", ["Nothing is lost."], "no test holds: Nothing is lost."],
    ["a missing file", ["Nothing is lost.", `a/b: ${title}`], `there is no such test: \`test/a/b.test.ts\`: ${title}`],
    [
      "a title that is no test's",
      ["Nothing is lost.", `contract/docs: ${title}`],
      `there is no such test: \`test/contract/docs.test.ts\`: ${title}`,
    ],
  ] as const)("%s is found", (_, claim, problem) => {
    expect(unheldClaims({ threat: [claim] }, root)).toEqual([problem]);
  });
});

describe("references", () => {
  test.each(pages)("every link of $path leads somewhere", ({ path, text }) => {
    for (const { target, page, anchor } of relativeLinks({ path, text })) {
      expect(has(page), `${path} links to ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchors(read(page)), `${path}: ${target}`).toContain(anchor);
    }
  });

  test("every section of docs/wire.md that the source cites exists", () => {
    const sections = mentions(read("docs/wire.md"), /^## (\d+)\. /gm);
    const cited = documents("src", ".ts").flatMap(({ text }) =>
      mentions(text, /docs\/wire\.md((?:,? (?:and |to )?§\d+)+)/g),
    );
    expect(cited.length).toBeGreaterThan(20);
    for (const number of cited.flatMap((list) => mentions(list, /§(\d+)/g))) {
      expect(sections).toContain(number);
    }
  });

  test("every decision that the source cites has its heading", () => {
    const headings = anchors(read("docs/decisions.md"));
    const cited = documents("src", ".ts").flatMap(({ text }) => mentions(text, /docs\/decisions\.md(#[\w-]*)?/g));
    expect(new Set(cited).size).toBeGreaterThan(5);
    for (const anchor of cited) expect(headings.map((heading) => `#${heading}`)).toContain(anchor);
  });

  test.each(pages)("every setting that $path names exists", ({ text }) => {
    // Two are the official client's own, and honoured as they are; the rest is for who tests.
    const others = ["CODEX_CA_CERTIFICATE", "CODEX_HOME"];
    const tests = ["CODEX_OAUTH_ARTEFACTS", "CODEX_OAUTH_CHECKS_CACHE"];
    const names: readonly string[] = [...settings.map(({ name }) => name), ...others, ...tests];
    for (const name of mentions(text, /\bCODEX_[A-Z_]+\b/g)) expect(names).toContain(name);
  });

  test.each(guides)("every error code that $path names exists", ({ text }) => {
    const others =
      /^(CODEX|CLAUDE|CHROMIUM|NODE|OPENAI|SSL|HTTPS?|NO|FORCE)_|^(README|DEPLOYMENT|LICENSE|PATH|URL|ARGUMENTS)$/;
    for (const name of mentions(text, /`\$?([A-Z]{3,}(?:_[A-Z]+)*)`/g)) {
      if (!others.test(name)) expect(Object.keys(errorCodes)).toContain(name);
    }
  });

  test("DEPLOYMENT.md has every setting and every error code", () => {
    const text = read("DEPLOYMENT.md");
    for (const { name } of settings) expect(text).toContain(`| \`${name}\` |`);
    for (const code of Object.keys(errorCodes)) expect(text).toContain(`| \`${code}\` |`);
  });
});

describe("commands in the guides", () => {
  const { scripts } = readJson("package.json") as { scripts: Record<string, string> };

  test.each(guides)("every npm script and every file that $path names exists", ({ text }) => {
    for (const name of mentions(text, /\bnpm run ([\w:-]+)/g)) {
      expect(Object.keys(scripts)).toContain(name);
    }
    if (/\bnpm test\b/.test(text)) expect(Object.keys(scripts)).toContain("test");
    const folders = "\\.ci|src|test|scripts|bench|docs|commands|skills";
    const files = new RegExp(`(?<![\\w/.])((?:${folders})/(?:[\\w-]+/)*(?:[\\w.-]+\\.\\w+)?)`, "g");
    for (const file of mentions(text, files)) expect(has(file), file).toBe(true);
    for (const [, file = ""] of text.matchAll(/\bnode ([\w./-]+\.m?js)\b/g)) {
      expect(has(file), file).toBe(true);
    }
  });

  test("every npm script runs a file that exists", () => {
    for (const command of Object.values(scripts)) {
      for (const file of mentions(command, /\bnode ((?:scripts)\/[\w.-]+)/g)) {
        expect(has(file), file).toBe(true);
      }
    }
  });

  test("the shell lines of the guides use programs that the text introduces", () => {
    const known = ["npm", "node", "claude", "mkdir", "ssh", "git", "codex-oauth", "CODEX_DEBUG=1"];
    for (const { path, text } of guides) {
      for (const line of codeBlocks(text, "sh").join("").trim().split("\n")) {
        const [program = ""] = line.split(" ");
        if (program !== "") expect(known, `${path}: ${line}`).toContain(program);
      }
    }
  });
});

describe("examples", () => {
  const example = (text: string, key: string): Record<string, unknown> => {
    const found = codeBlocks(text, "json")
      .map((block) => JSON.parse(block) as Record<string, unknown>)
      .find((block) => key in block);
    return found?.[key] as Record<string, unknown>;
  };

  test("DEPLOYMENT.md's settings are complete and accepted without a word", () => {
    const env = example(read("DEPLOYMENT.md"), "env") as Record<string, string>;
    expect(Object.keys(env).sort()).toEqual(settings.map(({ name }) => name).sort());
    const config = loadConfig(env, "/home/you");
    expect(config).toMatchObject({ problems: [], notices: [], authFile: env["CODEX_AUTH_FILE"] });
  });

  test("README.md's settings are accepted without a word", () => {
    const env = example(read("README.md"), "env") as Record<string, string>;
    expect(loadConfig(env, "/home/you")).toMatchObject({ problems: [], notices: [] });
  });

  test("DEPLOYMENT.md's login file has the form that is read", () => {
    const codex = example(read("DEPLOYMENT.md"), "codex");
    const tokens = { accessToken: "a", refreshToken: "r", idToken: "i", accountId: "x" };
    expect(readRecord({ codex: { ...codex, ...tokens } })).toMatchObject({
      kind: "login",
      tokens: { issuer: "https://auth.openai.com", expiresAt: codex["expiresAt"], plan: "plus" },
    });
  });
});

test.each([...pages, ...documents("", ".json")])(
  "$path names no place of the machine that it was written on",
  ({ path, text }) => {
    expect(text).not.toMatch(/(?<![\w.])\/(?:work|root|tmp)\//);
    // Only the lockfile has to say where packages come from.
    if (path !== "package-lock.json") expect(text).not.toMatch(/registry\.|\/npm\//);
  },
);

/** The anchors that a page's headings get where it is shown. */
function anchors(text: string): string[] {
  return mentions(withoutFences(text), /^#{1,6} (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

function withoutFences(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, "");
}
