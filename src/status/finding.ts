import type { NextSteps } from "../shared/next-step.ts";

/** A problem prevents something; a note may explain a problem. */
export type FindingLevel = "ok" | "note" | "problem";

/** Result of a doctor check. Contains no secrets, full e-mail addresses or query strings. */
export interface Finding {
  /** The subject: "login file". */
  check: string;
  level: FindingLevel;
  /** One or two sentences. */
  message: string;
  /** Undefined if there is nothing to do. */
  fix?: NextSteps | undefined;
}

/** All findings, with the versions that every issue report needs. */
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
