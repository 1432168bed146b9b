/** How much a finding matters: a problem keeps something from working, a note may explain it. */
export type FindingLevel = "ok" | "note" | "problem";

/** What one check of the doctor found. Holds no secret, no full e-mail address, no query string. */
export interface Finding {
  /** What was looked at, in a few words: "login file". */
  check: string;
  level: FindingLevel;
  /** What is the case, in a sentence or two. */
  said: string;
  /** What a person does about it; undefined where nothing has to be done. */
  remedy: string | undefined;
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

export function ok(check: string, said: string): Finding {
  return { check, level: "ok", said, remedy: undefined };
}

export function note(check: string, said: string, remedy?: string): Finding {
  return { check, level: "note", said, remedy };
}

export function problem(check: string, said: string, remedy: string): Finding {
  return { check, level: "problem", said, remedy };
}
