import type { Finding } from "../../core/doctor.ts";

/** One thing that the doctor looks at; it may fail and may take long, the doctor bounds both. */
export interface Check {
  /** The name of its finding when it gives none of its own. */
  name: string;
  /** What it means that the check did not come to an end, where that tells something. */
  late?: (seconds: number) => Finding;
  run: (signal: AbortSignal) => Finding[] | Promise<Finding[]>;
}
