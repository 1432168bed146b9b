import { describe, expect, test } from "vitest";
import * as z from "zod";
import { codexLogin } from "../../src/mcp/tools/codex-login.ts";
import { instructions } from "../../src/mcp/server.ts";
import { tools } from "../../src/mcp/toolbox.ts";
import { renderNext } from "../../src/render/next-step.ts";
import { CodexError, errorCodes, type CodexErrorCode } from "../../src/shared/errors.ts";
import { documents, frontmatter, has, mentions, read, readJson } from "../support/documents.ts";

const plugin = readJson(".claude-plugin/plugin.json") as { name: string };
const { mcpServers } = readJson(".mcp.json") as {
  mcpServers: Record<string, { command: string; args: string[] }>;
};
const [serverName = ""] = Object.keys(mcpServers);
/** What Claude Code calls a tool of this plugin. */
const toolPrefix = `mcp__plugin_${plugin.name}_${serverName}__`;
const toolNames = tools.map(({ name }) => name);

const commands = documents("commands", ".md");
const bareCommands = documents(".claude/commands", ".md");
const skills = documents("skills", ".md");
const readme = { path: "README.md", text: read("README.md") };
/** Everything that a person or a model reads and acts on. */
const prose = [...commands, ...bareCommands, ...skills, readme];

const commandName = (path: string): string => /([\w-]+)\.md$/.exec(path)?.[1] ?? "";

describe("names", () => {
  test.each(prose)("every tool that $path names exists", ({ text }) => {
    expect(toolNames).toEqual(expect.arrayContaining(mentions(text, /\bcodex_[a-z_]+\b/g)));
    for (const name of mentions(text, /\bmcp__[\w-]+/g)) {
      expect(toolNames.map((tool) => toolPrefix + tool)).toContain(name);
    }
  });

  test.each([...prose, { path: "DEPLOYMENT.md", text: read("DEPLOYMENT.md") }])(
    "every command that $path names exists",
    ({ text }) => {
      for (const name of mentions(text, /\/codex-oauth:([\w-]+)/g)) {
        expect(has(`commands/${name}.md`), name).toBe(true);
      }
      for (const name of mentions(text, /`\/(codex[\w-]*)[ `]/g)) {
        expect(has(`.claude/commands/${name}.md`), name).toBe(true);
      }
      for (const name of mentions(text, /skill `([\w-]+)`/g)) {
        expect(has(`skills/${name}/SKILL.md`), name).toBe(true);
      }
    },
  );

  test("the README names every tool and every command", () => {
    for (const name of toolNames) expect(readme.text).toContain(`\`${name}\``);
    for (const { path } of commands) {
      expect(readme.text).toContain(`/${plugin.name}:${commandName(path)}`);
    }
  });

  test("no skill has the name of a command, which would hide it", () => {
    const taken = commands.map(({ path }) => commandName(path));
    for (const { path, text } of skills) {
      const { name = "" } = frontmatter(text).keys;
      expect(name).toBe(/^skills\/([\w-]+)\//.exec(path)?.[1]);
      expect(taken).not.toContain(name);
    }
  });
});

describe("commands", () => {
  test("there are four, and two of them also as bare ones, word for word", () => {
    const names = commands.map(({ path }) => commandName(path)).sort();
    expect(names).toEqual(["codex", "codex-clear", "codex-config", "codex-status"]);
    expect(bareCommands.map(({ path }) => commandName(path)).sort()).toEqual(["codex", "codex-config"]);
    for (const { path, text } of bareCommands) expect(text).toBe(read(path.replace(".claude/", "")));
  });

  test.each(commands)("$path is 8 to 25 lines of orders", ({ text }) => {
    const lines = text.trimEnd().split("\n").length;
    expect(lines).toBeLessThanOrEqual(25);
    expect(frontmatter(text).body.split("\n").length).toBeGreaterThanOrEqual(8);
  });

  test.each(commands)("$path allows tools by their exact names, and no others", ({ text }) => {
    const { keys, body } = frontmatter(text);
    expect(keys["description"]).toMatch(/^[A-Z].{10,80}[^.]$/);
    const allowed = keys["allowed-tools"]?.split(", ") ?? [];
    expect(allowed.length).toBeGreaterThan(0);
    for (const name of allowed.filter((tool) => tool !== "AskUserQuestion")) {
      expect(toolNames.map((tool) => toolPrefix + tool)).toContain(name);
      expect(body).toContain(`\`${name}\``);
    }
  });

  test.each(commands)("$path runs no shell and takes its arguments as they are", ({ text }) => {
    const { keys, body } = frontmatter(text);
    expect(body).not.toMatch(/(^|\s)!`|^```!/m);
    expect(body).not.toMatch(/\$\d|(^|\s)@\w/m);
    const quoted = /^<(question|request)>\n\$ARGUMENTS\n<\/\1>$/gm;
    const takesArguments = keys["argument-hint"] !== undefined;
    expect(mentions(body, quoted).length).toBe(takesArguments ? 1 : 0);
    expect(mentions(body, /\$ARGUMENTS/g).length).toBe(takesArguments ? 1 : 0);
  });

  test("signing out needs the user's yes, which comes before the call", () => {
    const { body } = frontmatter(read("commands/codex-clear.md"));
    expect(body.indexOf("Ask whether")).toBeGreaterThan(0);
    expect(body.indexOf("Ask whether")).toBeLessThan(body.indexOf("codex_clear`"));
  });

  test("setting up names every way to sign in, and what each of them needs", () => {
    const { body } = frontmatter(read("commands/codex-config.md"));
    const { properties } = z.toJSONSchema(codexLogin.input) as {
      properties: Record<string, { enum?: string[] }>;
    };
    const { method, ...others } = properties;
    const methods = method?.enum ?? [];
    expect(methods).toContain("device");
    for (const name of methods.filter((one) => one !== "auto")) {
      expect(body).toContain(`\`${name}\``);
    }
    for (const name of Object.keys(others)) expect(body).toContain(`\`${name}\``);
    // The permission ends with the turn, and what is pasted comes in the next one.
    expect(body).toContain("`/codex-oauth:codex-config <address>`");
  });

  test("a login may give a code in place of a URL, and where another next step is named no login begins", () => {
    for (const name of ["codex", "codex-config"]) {
      const { body } = frontmatter(read(`commands/${name}.md`));
      expect(body, name).toContain("device code");
      expect(body, name).toContain("the API key or the Codex CLI");
    }
  });

  test("asking goes by status, login and query, in this order", () => {
    const { body } = frontmatter(read("commands/codex.md"));
    const places = ["codex_status`", "codex_login`", "codex_query`"].map((tool) => body.indexOf(toolPrefix + tool));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThan(0);
  });
});

test("the skill is short, and its description says when to use it", () => {
  const text = read("skills/codex-integration/SKILL.md");
  expect(text.trimEnd().split("\n").length).toBeLessThan(100);
  const { description = "" } = frontmatter(text).keys;
  expect(description).toMatch(/^Use when /);
  expect(description.length).toBeLessThan(1024);
});

describe("after a failure", () => {
  const codes = Object.keys(errorCodes) as CodexErrorCode[];
  /** The codes whose next step sends a model back to its call. */
  const repeated = codes.filter((code) =>
    /repeat the call/i.test(renderNext(new CodexError(code, "It failed."), "mcp")),
  );
  const named = (text: string): string[] => codes.filter((code) => new RegExp(`\\b${code}\\b`).test(text));

  /** The codes whose next step leaves everything to the user. */
  const stopped = codes.filter((code) =>
    renderNext(new CodexError(code, "It failed."), "mcp").startsWith("Tell the user; try again only if they ask."),
  );

  test("each next step either sends a model back to its call or leaves everything to the user", () => {
    expect([...repeated, ...stopped].sort()).toEqual(codes.toSorted());
  });

  test("the skill lets a model ask again on the codes whose next step says so, and stop on every other", () => {
    const { body } = frontmatter(read("skills/codex-integration/SKILL.md"));
    const [, failures = ""] = body.split("## When it fails");
    const [before = "", after = ""] = failures.split("\n- Everything else: show the user the code");
    const orders = before.split("\n- ").slice(1).join("\n");
    expect(named(orders)).toEqual(repeated);
    expect(orders.match(/once/g)).toHaveLength(2);
    expect(after).toContain("and stop");
  });

  test("the command that asks repeats its question on the same codes, once", () => {
    const { body } = frontmatter(read("commands/codex.md"));
    const last = body.slice(body.indexOf("\n5. "));
    expect(named(last)).toEqual(repeated);
    expect(last.match(/repeat step 3 once/g)).toHaveLength(2);
  });

  test.each(["codex-config", "codex-clear"])("%s, which names no model, corrects a wrong argument only", (name) => {
    const last = frontmatter(read(`commands/${name}.md`))
      .body.split("\n")
      .findLast((line) => line !== "");
    expect(named(last ?? "")).toEqual(["BAD_REQUEST"]);
    expect(repeated).toContain("BAD_REQUEST");
  });

  test("the server's instructions repeat a call only on such codes", () => {
    expect(repeated).toEqual(expect.arrayContaining(named(instructions)));
  });
});

describe("manifests", () => {
  test("the MCP configuration starts the launcher, which runs what the build makes", () => {
    expect(Object.keys(mcpServers)).toEqual(["codex"]);
    const { command, args } = mcpServers["codex"]!;
    expect(command).toBe("node");
    expect(args).toEqual(["${CLAUDE_PLUGIN_ROOT}/bin/codex-oauth.mjs", "serve"]);
    const { bin } = readJson("package.json") as { bin: Record<string, string> };
    expect(bin).toEqual({ "codex-oauth": "bin/codex-oauth.mjs" });
    expect(read("bin/start.cjs")).toContain('join(root, "dist", "main.cjs")');
    expect(read("scripts/build.mjs")).toContain('"dist/main.cjs": "src/main.ts"');
    expect(has("dist/main.cjs"), "npm ci or npm run build makes it").toBe(true);
  });

  test("opening the repository starts no second server of the same name", () => {
    const { disabledMcpjsonServers } = readJson(".claude/settings.json") as {
      disabledMcpjsonServers: string[];
    };
    expect(disabledMcpjsonServers).toEqual(Object.keys(mcpServers));
  });

  test("the marketplace offers this plugin from its own folder", () => {
    const marketplace = readJson(".claude-plugin/marketplace.json") as {
      name: string;
      plugins: object[];
    };
    expect(marketplace.plugins).toEqual([expect.objectContaining({ name: plugin.name, source: "./" })]);
    expect(readme.text).toContain(`claude plugin install ${plugin.name}@${marketplace.name}`);
  });
});
