import type { z } from "zod";
import type { ConfigArea } from "../config/checks.ts";
import type { Services } from "../status/services.ts";
import type { Progress } from "./progress.ts";

/** Facts for hosts; all four are given, since an absent hint is read as its worst value. */
export interface Annotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** One call as a handler sees it. */
export interface ToolCall {
  signal: AbortSignal;
  progress: Progress;
}

export interface ToolResult {
  /** For a reader: the answer first. */
  text: string;
  /** For programs; Claude Code would show `structuredContent` in place of the text. */
  facts?: Record<string, unknown>;
}

export interface Tool<Input extends z.ZodType = z.ZodType> {
  name: string;
  title: string;
  description: string;
  annotations: Annotations;
  /** Hints for hosts, sent as the definition's `_meta`. */
  meta?: Record<string, unknown>;
  input: Input;
  /** Settings that must be sound for this tool. */
  needs: readonly ConfigArea[];
  handle(input: z.infer<Input>, services: Services, call: ToolCall): Promise<ToolResult>;
}

/** Only for the inference: `handle` gets the type that `input` accepts. */
export function defineTool<Input extends z.ZodType>(tool: Tool<Input>): Tool {
  return tool;
}
