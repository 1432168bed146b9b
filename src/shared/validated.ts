import type { z } from "zod";
import { oneLine } from "./text.ts";

/** An invalid field. */
interface FieldError {
  /** Path of the field: `input[0].role`. */
  field: string;
  /** Completes the sentence: "is required". */
  verdict: string;
}

/**
 * Validates a value against a schema.
 *
 * @param whole the field name for errors of the value itself
 * @param toError creates the error, from one entry per invalid field; no entry quotes a value
 * @throws the result of `toError`
 */
export function validated<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole: string,
  toError: (first: FieldError, ...others: FieldError[]) => Error,
): z.infer<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw toError(...fieldErrors(parsed.error, schema, whole));
}

/** The invalid fields of a value that was parsed with `reportInput`; at least one. */
export function fieldErrors(error: z.ZodError, schema: z.ZodType, whole: string): [FieldError, ...FieldError[]] {
  const errors = error.issues.map((issue) => describeIssue(issue, schema, whole));
  // Only the first error of a field: an empty text is blank, too.
  const fields = errors.map(({ field }) => field);
  const [first, ...others] = errors.filter(({ field }, n) => fields.indexOf(field) === n);
  return [first ?? { field: whole, verdict: "is unusable" }, ...others];
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
      return `must be ${typeNames[issue.expected] ?? `a ${issue.expected}`}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "invalid_union":
      if ("options" in issue) return `must be one of ${issue.options.map(String).join(", ")}`;
      return issue.message === zodUnionMessage ? "has a wrong form" : issue.message;
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

/** What zod says of a union that has no message of its own. */
const zodUnionMessage = "Invalid input";

const typeNames: Partial<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "an array",
  int: "an integer",
};
