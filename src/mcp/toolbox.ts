import { type CallToolResult, ErrorCode, type Tool as ToolDefinition } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import type { ComposedCodex } from "../app/codex.ts";
import { oneLine } from "../shared/text.ts";
import { callTool } from "./call-tool.ts";
import type { SendProgress } from "./progress.ts";
import type { Tool } from "./tool.ts";
import { codexClear } from "./tools/codex-clear.ts";
import { codexLogin } from "./tools/codex-login.ts";
import { codexModels } from "./tools/codex-models.ts";
import { codexQuery } from "./tools/codex-query.ts";
import { codexStatus } from "./tools/codex-status.ts";

export const tools: readonly Tool[] = [codexQuery, codexStatus, codexLogin, codexClear, codexModels];

/** The tools, as the protocol exposes them. */
export interface Toolbox {
  /** The result of `tools/list`, made at the first call. */
  definitions(): ToolDefinition[];
  /** Runs one tool. Rejects only if no tool has that name (JSON-RPC's invalid params). */
  call(
    name: string,
    args: unknown,
    call: { signal: AbortSignal; sendProgress: SendProgress | undefined },
  ): Promise<CallToolResult>;
}

export function createToolbox(codex: ComposedCodex): Toolbox {
  let definitions: ToolDefinition[] | undefined;
  return {
    definitions: () => (definitions ??= tools.map(toDefinition)),
    call: async (name, args, call) => {
      const tool = tools.find((one) => one.name === name);
      if (tool === undefined) throw new UnknownTool(name);
      return callTool(tool, args, codex, call);
    },
  };
}

/** Not the SDK's `McpError`: that puts its code into the message, and each client repeats it. */
class UnknownTool extends Error {
  readonly code = ErrorCode.InvalidParams;

  constructor(name: string) {
    super(`Unknown tool: ${oneLine(name, 60)}`);
  }
}

function toDefinition(tool: Tool): ToolDefinition {
  const { $schema: _, ...schema } = z.toJSONSchema(tool.input, { io: "input" });
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: schema as ToolDefinition["inputSchema"],
    annotations: { title: tool.title, ...tool.annotations },
    ...(tool.meta === undefined ? {} : { _meta: tool.meta }),
  };
}
