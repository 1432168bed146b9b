import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/documents.ts";

const folder = join(root, ".github/workflows");
const read = (name: string) => readFileSync(join(folder, name), "utf8");

/** The text of each job, by its name. */
function jobsOf(workflow: string): Record<string, string> {
  const [, jobs = ""] = workflow.split(/^jobs:\n/m);
  const parts = jobs.split(/^ {2}(\w+):\n/m).slice(1);
  return Object.fromEntries(parts.flatMap((name, at) => (at % 2 === 0 ? [[name, parts[at + 1] ?? ""]] : [])));
}

test.each(readdirSync(folder))("%s takes every action by its commit, with its version beside it", (name) => {
  const uses = [...read(name).matchAll(/uses: (.+)/g)].map(([, action]) => action);
  expect(uses.length).toBeGreaterThan(0);
  for (const action of uses) expect(action).toMatch(/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

describe("the release", () => {
  const workflow = read("release.yml");
  const { build = "", publish = "", ...others } = jobsOf(workflow);

  test("is built by one job and published by another", () => {
    expect(others).toEqual({});
    expect(build).toContain("- run: npm test\n");
    expect(publish).toContain("needs: build\n");
  });

  test("only the job that publishes may prove its identity, and it may do nothing else", () => {
    expect(workflow.match(/id-token/g)).toHaveLength(1);
    expect(publish).toMatch(/permissions:\n {6}id-token: write\n {4}steps:/);
  });

  test("the job that publishes runs no code of the repository or of a package", () => {
    const commands = [...publish.matchAll(/run: (.+)/g)].map(([, command]) => command);
    expect(commands).toEqual(["npm publish ./*.tgz --ignore-scripts --provenance --access public"]);
    expect(publish).not.toContain("actions/checkout");
  });

  test("a tag that is not on main fails before anything is installed", () => {
    const check = build.indexOf('git merge-base --is-ancestor "$GITHUB_SHA" origin/main');
    expect(check).toBeGreaterThan(0);
    expect(check).toBeLessThan(build.indexOf("npm ci"));
    expect(build).toContain("fetch-depth: 0");
  });
});
