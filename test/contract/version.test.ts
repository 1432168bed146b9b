import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { version } from "../../src/shared/version.ts";
import { root } from "../support/documents.ts";

describe("the version", () => {
  const script = join(root, "scripts/check-version.mjs");
  const places = [
    "package.json",
    "package-lock.json",
    "src/shared/version.ts",
    ".claude-plugin/plugin.json",
    ".claude-plugin/marketplace.json",
    "CHANGELOG.md",
  ];

  function copyOfPlaces(): string {
    const folder = mkdtempSync(join(tmpdir(), "codex-oauth-version-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    for (const place of places) cpSync(join(root, place), join(folder, place));
    return folder;
  }
  const check = (cwd: string) => spawnSync(process.execPath, [script, "--check"], { cwd, encoding: "utf8" });

  test("is the same in every place", () => {
    expect(check(root)).toMatchObject({ status: 0, stderr: "" });
  });

  test.each(places)("is found wrong in %s", (place) => {
    const folder = copyOfPlaces();
    const path = join(folder, place);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(version, "0.0.9"));
    const { status, stderr } = check(folder);
    expect(status).toBe(1);
    expect(stderr).toContain(place === "package.json" ? "not 0.0.9" : place);
  });

  test("is set everywhere at once", () => {
    const folder = copyOfPlaces();
    execFileSync(process.execPath, [script, "--write", "7.8.9"], { cwd: folder });
    expect(check(folder)).toMatchObject({ status: 0, stderr: "" });
    for (const place of places) {
      expect(readFileSync(join(folder, place), "utf8"), place).toContain("7.8.9");
    }
    expect(readFileSync(join(folder, "CHANGELOG.md"), "utf8")).toContain("## [Unreleased]");
  });
});
