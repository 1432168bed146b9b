import type { NextSteps } from "../shared/next-step.ts";

/** How much a finding matters: a problem keeps something from working, a note may explain it. */
export type FindingLevel = "ok" | "note" | "problem";

/** What one check of the doctor found. Holds no secret, no full e-mail address, no query string. */
export interface Finding {
  /** What was looked at, in a few words: "login file". */
  check: string;
  level: FindingLevel;
  /** What is the case, in a sentence or two. */
  message: string;
  /** What a person does about it; undefined where nothing has to be done. */
  fix?: NextSteps | undefined;
}

/** All findings with what every report of a fault should name. */
export interface DoctorReport {
  version: string;
  nodeVersion: string;
  /** "linux 6.1.0; x64" */
  platform: string;
  /** The Codex version that is reported to the service. */
  clientVersion: string;
  findings: readonly Finding[];
}

export function ok(check: string, message: string): Finding {
  return { check, level: "ok", message };
}

export function note(check: string, message: string, fix?: NextSteps): Finding {
  return { check, level: "note", message, fix };
}

export function problem(check: string, message: string, fix: NextSteps): Finding {
  return { check, level: "problem", message, fix };
}
