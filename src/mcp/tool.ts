import type { ToolAnnotations } from "@modelcontextprotocol/sdk/types.js";
import type { z } from "zod";
import type { ComposedCodex } from "../app/codex.ts";
import type { ConfigArea } from "../config/checks.ts";
import { CodexError } from "../shared/errors.ts";
import { validated } from "../shared/validated.ts";
import type { Progress } from "./progress.ts";

/** One call, as a handler sees it. */
interface ToolCall {
  signal: AbortSignal;
  progress: Progress;
}

export interface ToolResult {
  /** For a reader: the answer first. */
  text: string;
  /** For programs, in `_meta` (docs/decisions.md#no-structuredcontent). */
  facts?: Record<string, unknown>;
}

export interface Tool<Input extends z.ZodType = z.ZodType> {
  name: string;
  title: string;
  description: string;
  /** All four hints, since a client reads an absent one as its worst value. */
  annotations: Required<Omit<ToolAnnotations, "title">>;
  /** Hints for clients, sent as the definition's `_meta`. */
  meta?: Record<string, unknown>;
  input: Input;
  /** Settings that must be valid for this tool. */
  needs: readonly ConfigArea[];
  handle(input: z.infer<Input>, codex: ComposedCodex, call: ToolCall): Promise<ToolResult>;
}

/** Infers the type of `handle`'s input from the schema. */
export function defineTool<Input extends z.ZodType>(tool: Tool<Input>): Tool {
  return tool;
}

/**
 * The arguments, parsed by the tool's schema; clients don't check them.
 *
 * @throws CodexError `BAD_REQUEST` that names each field and what it accepts, never a value
 */
export function validateArguments(tool: Tool, args: unknown): unknown {
  return validated(tool.input, args ?? {}, "the arguments", (...faults) => {
    const listed = faults.slice(0, 5).map(({ field, verdict }) => `${field} ${verdict}`);
    return new CodexError("BAD_REQUEST", `${tool.name} was called with unusable arguments: ${listed.join("; ")}.`, {
      why: "Nothing was sent or changed.",
    });
  });
}
