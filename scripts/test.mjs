// `npm test`: every check of the project, then one line that adds up what ran.
// `npm test -- --claude` adds the suites in the real Claude Code, `--peers` those with hosts and peers of others,
// `--browser` the pages in a real browser, `--windows` the program on Windows' Node, `--keyring`
// the login in a real Secret Service.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const claude = process.argv.includes("--claude");
const browser = process.argv.includes("--browser");
const keyring = process.argv.includes("--keyring");
const peers = process.argv.includes("--peers");
const windows = process.argv.includes("--windows");
const scratch = mkdtempSync(join(tmpdir(), "codex-oauth-report-"));
const report = join(scratch, "report.json");
const bin = (name) => join("node_modules", ".bin", name);
const node = process.execPath;

const checks = [
  ["build", node, ["scripts/build.mjs", "--testing", "--types"]],
  ["lint", bin("eslint"), [".", "--max-warnings", "0"]],
  ["format", bin("prettier"), ["--check", "--log-level", "warn", "."]],
  ["import rules", bin("depcruise"), ["src", "test", "scripts", "bench", "--config", ".dependency-cruiser.cjs"]],
  ["types", bin("tsc"), ["-p", "."]],
  ["generated docs", node, ["scripts/docs.mjs", "--check"]],
  ["version", node, ["scripts/check-version.mjs", "--check"]],
];

let passed = 0;
let failed = 0;

for (const [name, command, args] of checks) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok" : "FAILED"}: ${name} (${seconds} s)`);
  if (status === 0) passed++;
  else failed++;
}

const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];

/** What fails as a whole (a set-up, a file that cannot be loaded) fails no single test: it counts as one. */
function runTests(...names) {
  const projects = names.flatMap((name) => ["--project", name]);
  rmSync(report, { force: true });
  const vitest = spawnSync(bin("vitest"), ["run", ...projects, ...reporters], { stdio: "inherit" });
  let result = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    // No report was written; the exit status tells.
  }
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  if (vitest.status !== 0 && result.numFailedTests === 0) failed++;
  if (result.numPendingTests > 0) console.log(`not run here: ${result.numPendingTests} tests`);
}

runTests("unit", "process");
if (claude) runTests("claude");
if (peers) runTests("peers");
if (browser) runTests("browser");
if (windows) runTests("windows");
if (keyring) runTests("keyring");
rmSync(scratch, { recursive: true, force: true });

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
