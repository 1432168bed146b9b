import { describe, expect, test } from "vitest";
import { hostConfiguration, hosts, serverName, type ServerEntry } from "../../src/cli/install/hosts.ts";
import { codeBlocks, documents, has, read, readJson } from "../support/documents.ts";

const pages = documents("docs/hosts", ".md").filter(({ path }) => !path.includes("conformance"));

/** What a page's entry must be: the plugin's own, in a clone. */
const { mcpServers } = readJson(".mcp.json") as { mcpServers: Record<string, ServerEntry> };
const plugin = mcpServers[serverName]!;
const place = "/path/to/codex-oauth";
const entry = {
  command: plugin.command,
  args: plugin.args.map((arg) => arg.replace("${CLAUDE_PLUGIN_ROOT}", place)),
};

/** TOML as far as these configurations go: tables, and values that are JSON as well. */
function parseToml(text: string): unknown {
  const document: Record<string, unknown> = {};
  let table = document;
  for (const line of text.split("\n").filter(Boolean)) {
    const header = /^\[([\w.-]+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      table = header.split(".").reduce<Record<string, unknown>>((outer, key) => {
        return (outer[key] ??= {}) as Record<string, unknown>;
      }, document);
      continue;
    }
    const [, key = "", value = ""] = /^([\w-]+|"(?:[^"\\]|\\.)*") = (.+)$/.exec(line) ?? [];
    table[key.startsWith('"') ? (JSON.parse(key) as string) : key] = JSON.parse(value);
  }
  return document;
}

function entryIn(format: string, text: string): ServerEntry | undefined {
  const document = (format === "toml" ? parseToml(text) : JSON.parse(text)) as Partial<
    Record<"servers" | "mcpServers" | "mcp_servers", Record<string, ServerEntry>>
  >;
  return (document.servers ?? document.mcpServers ?? document.mcp_servers)?.[serverName];
}

describe.each(pages)("$path", ({ text }) => {
  test("has a configuration that can be read and names the real entry", () => {
    const blocks = ["json", "toml"].flatMap((format) =>
      codeBlocks(text, format).map((block) => entryIn(format, block)),
    );
    expect(blocks).toHaveLength(1);
    expect(blocks[0]).toMatchObject(entry);
    expect(has((entry.args[0] ?? "").replace(`${place}/`, ""))).toBe(true);
  });

  test("says what was run here, and what was only read, where and when", () => {
    const [, ran = "", only = ""] = text.split(/^## (?:Run here|Only read)$/m);
    expect(ran.trim()).not.toBe("");
    expect(only).toMatch(/\d{4}-\d\d-\d\d/);
    expect(only).toMatch(/<https:\/\/\S+>/);
  });
});

test("every host that can be configured has a page", () => {
  for (const host of hosts) {
    const { file } = hostConfiguration(host, entry);
    const page = pages.find(({ text }) => text.includes(`\`${file.linux}\``));
    expect(page?.text, host).toContain(`\`${file.macos}\``);
    expect(page?.text, host).toContain(`\`${file.windows}\``);
    expect(read("README.md")).toContain(`(${page?.path ?? "?"})`);
  }
});

test.each(hosts)("an entry of any kind comes through the configuration of %s unchanged", (host) => {
  const hostile: ServerEntry = {
    command: 'C:\\Program Files\\no"de\\node.exe',
    args: ["C:\\a b\\codex-oauth.mjs", "it's\n\u0007\u007f", "日本 €", ""],
    env: { CODEX_MODEL: 'quo"te', "name with space": "\\" },
  };
  const { format, text } = hostConfiguration(host, hostile);
  expect(entryIn(format, text)).toMatchObject(hostile);
  expect(text.endsWith("\n")).toBe(true);
  const raw = Array.from(text).filter((char) => (char < " " || char === "\u007f") && char !== "\n");
  expect(raw, "TOML takes none of them in a string").toEqual(format === "toml" ? [] : ["\u007f"]);
});
