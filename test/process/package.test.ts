import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { version } from "../../src/shared/version.ts";
import { relativeLinks, root } from "../support/documents.ts";

const folder = mkdtempSync(join(tmpdir(), "codex-oauth-package-"));
const name = `codex-oauth-mcp-${version}.tgz`;
const archive = join(folder, "first", name);
const contents = join(folder, "contents/package");
/** Nothing of this machine's npm; nothing can be fetched. */
const env = {
  PATH: process.env["PATH"] ?? "",
  HOME: folder,
  npm_config_cache: join(folder, "cache"),
  npm_config_offline: "true",
  npm_config_update_notifier: "false",
};

beforeAll(async () => {
  for (const out of ["first", "second"]) {
    const args = [join(root, "scripts/pack.mjs"), "--out", join(folder, out)];
    await promisify(execFile)(process.execPath, args);
  }
  mkdirSync(dirname(contents));
  execFileSync("tar", ["-xzf", archive, "-C", dirname(contents)]);
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const packed = (path: string): string => readFileSync(join(contents, path), "utf8");
const files = (): string[] =>
  readdirSync(contents, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(contents, join(entry.parentPath, entry.name)));

describe("the package that is published", () => {
  test("two clean builds give the same bytes, fewer than two million", () => {
    const [first, second] = ["first", "second"].map((out) => readFileSync(join(folder, out, name)));
    expect(first!.equals(second!)).toBe(true);
    expect(first!.length).toBeLessThan(2_000_000);
  });

  test("its manifest needs no other package, runs no script and is not private", () => {
    const published = JSON.parse(packed("package.json")) as Record<string, unknown>;
    expect(Object.keys(published).sort()).toEqual(
      ["name", "version", "description", "type", "license", "bin", "engines"]
        .concat(["main", "types", "exports", "files"])
        .sort(),
    );
  });

  test("it holds the bundle, the launcher and the plugin, and no sources and no lockfile", () => {
    expect(files()).toEqual(
      expect.arrayContaining([
        ...["bin/codex-oauth.mjs", "bin/run-bundle.cjs", "dist/main.cjs", "dist/index.cjs"],
        ...["dist/index.js", "dist/index.d.ts", "dist/index.d.cts", ".mcp.json"],
        ...[".claude-plugin/plugin.json", "commands/codex.md", "skills/codex-integration/SKILL.md"],
        ...["README.md", "LICENSE", "DEPLOYMENT.md", "CHANGELOG.md", "THIRD-PARTY-LICENSES"],
      ]),
    );
    expect(files().filter((file) => /^(src|test|scripts)\/|lock|\.map$/.test(file))).toEqual([]);
  });

  test("every link of its pages leads to something in it", () => {
    const there = new Set(files().flatMap((file) => [file, dirname(file)]));
    const pages = files().filter((file) => file.endsWith(".md"));
    const lost = pages.flatMap((path) =>
      relativeLinks({ path, text: packed(path) })
        .filter(({ page }) => !there.has(page.replace(/\/$/, "")))
        .map(({ target }) => `${path} links to ${target}`),
    );
    expect(pages).toContain("README.md");
    expect(lost).toEqual([]);
  });

  test("it hands on the licence of every package that the bundle has code of", () => {
    const text = packed("THIRD-PARTY-LICENSES");
    for (const file of ["dist/main.cjs", "dist/index.cjs"]) {
      const names = packed(file).matchAll(/"node_modules\/((?:@[^/"]+\/)?[^/"]+)\//g);
      const bundled = new Set([...names].map(([, found]) => found));
      expect(bundled).toContain("undici");
      for (const one of bundled) expect(text).toMatch(new RegExp(`^${one ?? ""} \\d`, "m"));
    }
    for (const one of ["@modelcontextprotocol/sdk", "zod", "open", "eventsource-parser"]) {
      expect(text).toContain(`\n${one} `);
    }
  });

  test("no path of the machine that packed it is in it", () => {
    for (const file of files()) expect(packed(file), file).not.toContain(root);
  });
});

describe("started from an empty folder, with nothing to fetch", () => {
  const empty = (): string => mkdtempSync(join(folder, "empty-"));

  test("as npx does it, it runs", () => {
    const args = ["exec", "--yes", `--package=${archive}`, "--", "codex-oauth", "--version"];
    const said = execFileSync("npm", args, { cwd: empty(), env, encoding: "utf8" });
    expect(said).toBe(`${version}\n`);
  });

  test("installed, it serves, and programs can import it", async () => {
    const cwd = empty();
    const args = ["install", "--no-audit", "--no-fund", "--silent", archive];
    execFileSync("npm", args, { cwd, env });
    expect(readdirSync(join(cwd, "node_modules")).filter((name) => !/^\./.test(name))).toEqual(["codex-oauth-mcp"]);
    expect(statSync(join(cwd, "node_modules/.bin/codex-oauth")).mode & 0o111).toBe(0o111);
    const client = new Client({ name: "test", version: "1.0.0" });
    await client.connect(
      new StdioClientTransport({
        command: "node_modules/.bin/codex-oauth",
        args: ["serve"],
        cwd,
        env,
      }),
    );
    const { tools } = await client.listTools();
    await client.close();
    expect(tools.map((tool) => tool.name)).toContain("codex_query");
    const program = "import('codex-oauth-mcp').then((m) => console.log(typeof m.createCodex))";
    const said = execFileSync(process.execPath, ["-e", program], { cwd, env, encoding: "utf8" });
    expect(said).toBe("function\n");
  });

  test("it needs no package to run, and says which one login --keyring needs, and where", () => {
    const cwd = empty();
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent", archive], { cwd, env });
    const authFile = join(cwd, "auth.json");
    const origins = { issuer: "https://auth.openai.com", apiOrigin: "https://chatgpt.com" };
    const tokens = { accessToken: "at_1", refreshToken: "rt_1", idToken: "id_1", accountId: "account-1" };
    const text = JSON.stringify({ codex: { version: 1, ...origins, ...tokens, expiresAt: 4e12, generation: 1 } });
    writeFileSync(authFile, text, { mode: 0o600 });
    const run = (...args: string[]) =>
      spawnSync("node_modules/.bin/codex-oauth", args, {
        cwd,
        env: { ...env, CODEX_AUTH_FILE: authFile },
        encoding: "utf8",
      });
    expect(run("status").stdout).toMatch(/^Signed in as account /);
    const { status, stderr } = run("login", "--keyring");
    expect(status).toBe(1);
    const place = join(realpathSync(cwd), "node_modules/codex-oauth-mcp");
    expect(stderr).toContain(`--prefix "${place}" @napi-rs/keyring@${manifest.devDependencies["@napi-rs/keyring"]}`);
    expect(readFileSync(authFile, "utf8")).toBe(text);
  });
});
