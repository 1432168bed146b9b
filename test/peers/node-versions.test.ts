import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../support/documents.ts";
import { nodeProgram, nodeVersions } from "./support/packages.ts";
import { run } from "./support/run.ts";

const minutes = 60_000;

/** What speaks over stdio, beside all that starts no process; the rest is Node 20's in the gate. */
const processTests = ["protocol", "query", "query-failures", "progress", "cancellation", "cli"];

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { name: string; status: string; assertionResults: Assertion[] }[];
}
interface Assertion {
  status: string;
  fullName: string;
}

test.each([22, 24] as const)(
  "all unit and contract tests and those over stdio pass under Node %i",
  async (major) => {
    const node = nodeProgram(major);
    const folder = mkdtempSync(join(tmpdir(), "codex-oauth-node-"));
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_|TEST$)/.test(name)),
    ) as Record<string, string>;
    const version = await run(node, ["--version"], { env, cwd: root });
    expect(version.stdout.trim()).toBe(`v${nodeVersions[major]}`);

    const vitest = async (...args: string[]): Promise<Report> => {
      const file = join(folder, "report.json");
      const ran = await run(
        node,
        ["node_modules/vitest/vitest.mjs", "run", ...args].concat(["--reporter=json", `--outputFile.json=${file}`]),
        { env, cwd: root, timeoutMs: 12 * minutes },
      );
      const report = JSON.parse(readFileSync(file, "utf8")) as Report;
      rmSync(file);
      expect(failures(report), ran.stderr.slice(-2_000)).toEqual([]);
      expect(ran.code, ran.stderr.slice(-2_000)).toBe(0);
      return report;
    };
    const unit = await vitest("--project", "unit");
    const stdio = await vitest(
      ...["--project", "process"],
      ...processTests.map((name) => `test/process/${name}.test.ts`),
    );
    expect(stdio.testResults).toHaveLength(processTests.length);
    expect(unit.numPassedTests).toBeGreaterThan(0);
    process.stdout.write(
      `Node ${version.stdout.trim()}: ${unit.numPassedTests} unit and contract tests, ` +
        `${stdio.numPassedTests} over stdio passed\n`,
    );
  },
  15 * minutes,
);

function failures({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === "failed");
    if (status === "failed" && failed.length === 0) return [name];
    return failed.map(({ fullName }) => `${name}: ${fullName}`);
  });
}
