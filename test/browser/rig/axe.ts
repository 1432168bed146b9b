import { loadFetched } from "../../support/fetched-package.ts";
import type { Page } from "./playwright.ts";

/** Rules of axe-core that the page breaks, each with the place. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe().source);
  const report = (await page.evaluate("axe.run(document)")) as Report;
  return report.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
  );
}

interface Report {
  violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
}

export function axe(): { source: string } {
  return loadFetched("axe-core@4.14.1") as { source: string };
}
