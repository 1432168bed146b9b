import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../support/documents.ts";
import { pinned, programOf } from "./support/packages.ts";
import { run } from "./support/run.ts";

const folder = mkdtempSync(join(tmpdir(), "codex-oauth-published-"));
let archive: string;
beforeAll(() => {
  execFileSync(process.execPath, [join(root, "scripts/pack.mjs"), "--out", folder]);
  archive = join(folder, readdirSync(folder)[0] ?? "");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ["publint", pinned.publint, ["run", "--strict"]],
  ["attw", pinned.attw, ["--no-emoji", "--format", "table-flipped"]],
])("%s finds nothing wrong with what is published", async (name, wanted, options) => {
  const args = [programOf(wanted, name), ...options, archive];
  const { code, stdout } = await run(process.execPath, args, {
    env: { PATH: process.env["PATH"] ?? "", NO_COLOR: "1" },
    cwd: root,
  });
  expect(code, stdout).toBe(0);
});
