import type { DoctorReport, Finding, FindingLevel } from "../status/finding.ts";

const marks: Readonly<Record<FindingLevel, string>> = {
  problem: "PROBLEM",
  note: "note",
  ok: "ok",
};

/** The report for a reader, fit to be pasted into an issue: what is wrong comes first. */
export function renderDoctor(report: DoctorReport): string {
  const { version, nodeVersion, platform, clientVersion, findings } = report;
  return [
    `codex-oauth ${version}, Node ${nodeVersion}, ${platform}, reported Codex version ${clientVersion}`,
    summary(findings),
    ...(["problem", "note", "ok"] as const).flatMap((level) =>
      findings.filter((finding) => finding.level === level).flatMap(findingLines),
    ),
  ].join("\n");
}

function summary(findings: readonly Finding[]): string {
  const count = (level: FindingLevel, one: string): string => {
    const found = findings.filter((finding) => finding.level === level).length;
    return `${found === 0 ? "no" : found} ${one}${found === 1 ? "" : "s"}`;
  };
  return `Doctor: ${count("problem", "problem")}, ${count("note", "note")}.`;
}

function findingLines({ check, level, said, remedy }: Finding): string[] {
  const head = `${marks[level].padEnd(7)}  ${check}: ${said}`;
  return remedy === undefined ? [head] : [head, `         → ${remedy}`];
}
