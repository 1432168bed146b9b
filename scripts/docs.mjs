// The parts of README.md, DEPLOYMENT.md, SECURITY.md and docs/hosts/ that say what the source says: tools, settings,
// error and exit codes, security claims with their tests, hosts. `--check` fails when one is out of date, `--write` brings them up to date; both work on the
// documents of the current folder.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const source = await loadSource();
const { tools, settings, errorCodes, renderFix, exitCodes, hostConfiguration, serverName, z } = source;
const { claimRows, securityClaims, unheldClaims } = source;

/** Per document: marker name to table. */
const documents = {
  "README.md": { tools: toolTable(), "query-arguments": argumentTable("codex_query") },
  "DEPLOYMENT.md": {
    settings: settingTable(),
    "error-codes": errorTable(),
    "exit-codes": exitTable(),
  },
  "SECURITY.md": { claims: table(["Threat", "What holds", "The tests that hold it"], claimRows(securityClaims)) },
  "docs/hosts/cursor.md": { configuration: await hostSection("cursor") },
  "docs/hosts/vscode.md": { configuration: await hostSection("vscode") },
  "docs/hosts/codex.md": { configuration: await hostSection("codex") },
  "docs/hosts/gemini-cli.md": { configuration: await hostSection("gemini") },
  "docs/hosts/claude-desktop.md": { configuration: await hostSection("claude-desktop") },
  "docs/hosts/claude-code.md": { configuration: await entrySection() },
  "docs/hosts/inspector.md": { configuration: await entrySection() },
};

const mode = process.argv[2];
if (mode !== "--check" && mode !== "--write") {
  console.error("usage: node scripts/docs.mjs --check | --write");
  process.exit(2);
}

for (const problem of unheldClaims(securityClaims, join(import.meta.dirname, ".."))) {
  console.error(`scripts/security-claims.ts: ${problem}`);
  process.exitCode = 1;
}

for (const [name, tables] of Object.entries(documents)) {
  const text = await readFile(name, "utf8");
  const current = Object.entries(tables).reduce((t, [key, table]) => put(name, t, key, table), text);
  if (text === current) continue;
  if (mode === "--write") {
    await writeFile(name, current);
    console.log(`${name}: brought up to date`);
  } else {
    console.error(`${name}: a generated part is out of date; run npm run docs:write`);
    process.exitCode = 1;
  }
}

/** Node 20 cannot import TypeScript: the modules are bundled in memory and imported from there. */
async function loadSource() {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export { tools } from "./src/mcp/toolbox.ts";
        export { settings } from "./src/config/settings.ts";
        export { errorCodes } from "./src/shared/errors.ts";
        export { renderFix } from "./src/render/next-step.ts";
        export { exitCodes } from "./src/cli/exit-codes.ts";
        export { hostConfiguration, serverName } from "./src/cli/install/hosts.ts";
        export { claimRows, securityClaims, unheldClaims } from "./scripts/security-claims.ts";
        export { z } from "zod";`,
      resolveDir: join(import.meta.dirname, ".."),
    },
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    external: ["undici", "open"], // loaded only when something is sent or opened
    logLevel: "error",
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}

function toolTable() {
  return table(
    ["Tool", "What it does", "Arguments"],
    tools.map((tool) => {
      const { properties = {} } = z.toJSONSchema(tool.input, { io: "input" });
      const names = Object.keys(properties).map((name) => `\`${name}\``);
      return [`\`${tool.name}\``, firstSentence(tool.description), names.join(", ") || "none"];
    }),
  );
}

function argumentTable(toolName) {
  const { input } = tools.find(({ name }) => name === toolName);
  const { properties, required = [] } = z.toJSONSchema(input, { io: "input" });
  return table(
    ["Argument", "Accepts", "Meaning"],
    Object.entries(properties).map(([name, property]) => [
      `\`${name}\`${required.includes(name) ? " (required)" : ""}`,
      accepts(property),
      property.description,
    ]),
  );
}

function settingTable() {
  return table(
    ["Variable", "Accepts", "Default", "Meaning"],
    settings.map(({ name, accepts, default: standard, meaning }) => [`\`${name}\``, accepts, standard, meaning]),
  );
}

function errorTable() {
  return table(
    ["Code", "Meaning", "Next step (as the command line says it)"],
    Object.entries(errorCodes).map(([code, { meaning, next }]) => [`\`${code}\``, meaning, renderFix(next, "cli")]),
  );
}

function exitTable() {
  return table(
    ["Exit code", "Meaning"],
    Object.values(exitCodes).map(({ code, meaning }) => [`\`${code}\``, meaning]),
  );
}

/** The entry that the plugin has, for a clone at a place of one's own. */
async function readEntry() {
  const plugin = await readFile(join(import.meta.dirname, "../.mcp.json"), "utf8");
  const [{ command, args }] = Object.values(JSON.parse(plugin).mcpServers);
  const inClone = (arg) => arg.replace("${CLAUDE_PLUGIN_ROOT}", "/path/to/codex-oauth");
  return { command, args: args.map(inClone) };
}

/** Where a host's configuration goes, and the configuration. */
async function hostSection(host) {
  const { file, format, text } = hostConfiguration(host, await readEntry());
  const names = { linux: "Linux", macos: "macOS", windows: "Windows" };
  const files = Object.entries(file).map(([system, path]) => [names[system], `\`${path}\``]);
  return `${table(["System", "File"], files)}\n\n${fenced(format, text)}`;
}

async function entrySection() {
  const document = { mcpServers: { [serverName]: await readEntry() } };
  return fenced("json", `${JSON.stringify(document, null, 2)}\n`);
}

function fenced(language, text) {
  return `\`\`\`${language}\n${text}\`\`\``;
}

function accepts({ type, enum: values, minimum, maximum, pattern, maxLength }) {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(", ");
  if (type === "number") return `${minimum} to ${maximum}`;
  if (pattern !== undefined) return "a model name";
  return `text, at most ${maxLength.toLocaleString("en")} characters`;
}

function firstSentence(text) {
  return /^.*?[.](?=\s|$)/s.exec(text)[0];
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The text with the table between its two markers replaced. */
function put(document, text, key, content) {
  const open = `<!-- generated: ${key} -->`;
  const close = `<!-- end: ${key} -->`;
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start === -1 || end < start) throw new Error(`${document} lacks the markers of ${key}`);
  return `${text.slice(0, start)}${open}\n\n${content}\n\n${text.slice(end)}`;
}
