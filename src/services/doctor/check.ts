import type { Finding } from "../../core/doctor.ts";

/** One thing that the doctor looks at; it may fail and may take long, the doctor bounds both. */
export interface Check {
  /** The name of its finding when it gives none of its own. */
  name: string;
  run: (signal: AbortSignal) => Finding[] | Promise<Finding[]>;
}
