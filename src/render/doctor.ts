import type { DoctorReport, Finding, FindingLevel } from "../status/finding.ts";
import { renderFix, type Reader } from "./next-step.ts";

const marks: Readonly<Record<FindingLevel, string>> = { problem: "PROBLEM", note: "note", ok: "ok" };

/** The report for a reader, safe to paste into an issue; problems come first. */
export function renderDoctor(report: DoctorReport, reader: Reader): string {
  const { version, nodeVersion, platform, clientVersion, findings } = report;
  return [
    `codex-oauth ${version}, Node ${nodeVersion}, ${platform}, reported Codex version ${clientVersion}`,
    summary(findings),
    ...(["problem", "note", "ok"] as const).flatMap((level) =>
      findings.filter((finding) => finding.level === level).flatMap((finding) => findingLines(finding, reader)),
    ),
  ].join("\n");
}

function summary(findings: readonly Finding[]): string {
  const count = (level: FindingLevel): string => {
    const found = findings.filter((finding) => finding.level === level).length;
    return `${found === 0 ? "no" : found} ${level}${found === 1 ? "" : "s"}`;
  };
  return `Doctor: ${count("problem")}, ${count("note")}.`;
}

function findingLines({ check, level, message, fix }: Finding, reader: Reader): string[] {
  const head = `${marks[level].padEnd(7)}  ${check}: ${message}`;
  return fix === undefined ? [head] : [head, `         → ${renderFix(fix, reader)}`];
}

/** The report for a program: with each fix as a sentence. */
export function doctorFacts(report: DoctorReport, reader: Reader): object {
  const findings = report.findings.map(({ fix, ...finding }) => ({ ...finding, fix: fix && renderFix(fix, reader) }));
  return { ...report, findings };
}
