import { type CallToolResult, ErrorCode, type Tool as ToolDefinition } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { oneLine } from "../shared/text.ts";
import type { ComposedCodex } from "../app/codex.ts";
import { callTool } from "./call-tool.ts";
import type { SendProgress } from "./progress.ts";
import type { Tool } from "./tool.ts";
import { codexClear } from "./tools/codex-clear.ts";
import { codexLogin } from "./tools/codex-login.ts";
import { codexModels } from "./tools/codex-models.ts";
import { codexQuery } from "./tools/codex-query.ts";
import { codexStatus } from "./tools/codex-status.ts";

export const tools: readonly Tool[] = [codexQuery, codexStatus, codexLogin, codexClear, codexModels];

/** The tools as the protocol needs them. */
export interface Toolbox {
  /** As `tools/list` gives them; made when first asked for. */
  definitions(): ToolDefinition[];
  /** Run one tool; rejects only where there is no tool of that name (JSON-RPC's invalid params). */
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

/** The SDK's own class puts its code into the message, where each client then puts it once more. */
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
