import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { fetchedPackage } from "../support/fetched-package.ts";
import { makeHome } from "../support/home.ts";

test("a package that cannot be fetched fails with npm's own words, and leaves nothing behind", () => {
  const { path } = makeHome();
  const cache = join(path, "checks");
  mkdirSync(cache);
  vi.stubEnv("CODEX_OAUTH_CHECKS_CACHE", cache);
  vi.stubEnv("npm_config_registry", "http://127.0.0.1:9/");
  vi.stubEnv("npm_config_fetch_retries", "0");
  vi.stubEnv("npm_config_cache", join(path, "npm"));
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expect(() => fetchedPackage("left-pad@1.3.0")).toThrow(/^left-pad@1\.3\.0 could not be fetched:[^]*npm error/);
  expect(readdirSync(cache)).toEqual([]);
});
