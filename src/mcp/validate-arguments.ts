import type { z } from "zod";
import { CodexError } from "../shared/errors.ts";
import { oneLine } from "../shared/text.ts";
import type { Tool } from "./tool.ts";

/**
 * The arguments as the tool declares them; hosts do not check them.
 *
 * @throws CodexError `BAD_REQUEST` that names each field and what it accepts, never a value.
 */
export function validateArguments(tool: Tool, args: unknown): unknown {
  const parsed = tool.input.safeParse(args ?? {});
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const fieldOf = ({ path }: z.core.$ZodIssue): string => path.map(String).join(".");
  const faults = issues
    // One fault a field: that a text is blank need not be said of an empty one.
    .filter((issue, n) => issues.findIndex((one) => fieldOf(one) === fieldOf(issue)) === n)
    .slice(0, 5)
    .map((issue) => describeIssue(issue, tool));
  throw new CodexError(
    "BAD_REQUEST",
    `${tool.name} was called with unusable arguments: ${faults.join("; ")}.`,
    {
      why: "Nothing was sent or changed.",
    },
  );
}

function describeIssue(issue: z.core.$ZodIssue, tool: Tool): string {
  const field = issue.path.length === 0 ? "the arguments" : issue.path.map(String).join(".");
  switch (issue.code) {
    case "invalid_type":
      return `${field} must be ${issue.expected === "object" ? "an object" : `a ${issue.expected}`}`;
    case "invalid_value":
      return `${field} must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.origin === "string"
        ? `${field} must not be empty`
        : `${field} must be at least ${String(issue.minimum)}`;
    case "too_big":
      return issue.origin === "string"
        ? `${field} must have at most ${issue.maximum.toLocaleString("en")} characters`
        : `${field} must be at most ${String(issue.maximum)}`;
    case "unrecognized_keys": {
      const keys = issue.keys.slice(0, 5).map((key) => oneLine(key, 40));
      return `${keys.join(", ")} is unknown (accepted: ${accepted(tool)})`;
    }
    default:
      return `${field} ${issue.message}`;
  }
}

function accepted(tool: Tool): string {
  const { shape } = tool.input as z.ZodObject;
  return Object.keys(shape).join(", ") || "no arguments";
}
