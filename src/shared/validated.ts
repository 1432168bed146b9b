import type { z } from "zod";
import { oneLine } from "./text.ts";

/** What is wrong with one field of a value. */
export interface FieldError {
  /** As a program would write it: `input[0].role`. */
  field: string;
  /** The rest of the sentence: "is required". */
  verdict: string;
}

/**
 * The value, parsed.
 *
 * @param whole names the value itself, for the case that not even its kind is right
 * @param refuse makes the error from the faults, one a field; no fault quotes a value
 * @throws what `refuse` gives
 */
export function validated<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole: string,
  refuse: (fault: FieldError, ...others: FieldError[]) => Error,
): z.infer<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => describeIssue(issue, schema, whole));
  // That a text is blank need not be said of an empty one.
  const fields = errors.map(({ field }) => field);
  const [first, ...others] = errors.filter(({ field }, n) => fields.indexOf(field) === n);
  throw refuse(first ?? { field: whole, verdict: "is unusable" }, ...others);
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType, whole: string): FieldError {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, 5).map((key) => oneLine(key, 40));
    const known = "shape" in schema ? Object.keys(schema.shape as object) : [];
    const accepted = known.join(", ") || "no arguments";
    return { field: keys.join(", "), verdict: `is unknown (accepted: ${accepted})` };
  }
  return { field: fieldOf(issue.path) || whole, verdict: verdictOf(issue) };
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function verdictOf(issue: z.core.$ZodIssue): string {
  if (issue.input === undefined) return "is required";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? `a ${issue.expected}`}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      return "options" in issue ? `must be one of ${issue.options.map(String).join(", ")}` : issue.message;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? "must not be empty"
        : `must be at least ${String(issue.minimum)}`;
    case "too_big": {
      const maximum = issue.maximum.toLocaleString("en");
      if (issue.origin === "string") return `must have at most ${maximum} characters`;
      if (issue.origin === "array") return `must have at most ${maximum} entries`;
      return `must be at most ${maximum}`;
    }
    default:
      return issue.message;
  }
}

const kinds: Partial<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "an array",
  int: "an integer",
};
