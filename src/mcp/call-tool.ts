import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { assertConfigured } from "../config/config.ts";
import { CodexError, errorForLog, toCodexError } from "../shared/errors.ts";
import { renderError, renderPartial } from "../render/error.ts";
import type { Redactor } from "../shared/redactor.ts";
import type { CodexContext, ComposedCodex } from "../app/codex.ts";
import { Progress, type SendProgress } from "./progress.ts";
import { validateArguments, type Tool } from "./tool.ts";

/** Machine-readable facts of a result or an error, for programs. */
const resultKey = "codex-oauth/result";
const errorKey = "codex-oauth/error";

/** Run one tool. This is the only place that catches: every failure becomes an `isError` result. */
export async function callTool(
  tool: Tool,
  args: unknown,
  codex: ComposedCodex,
  { signal, sendProgress }: { signal: AbortSignal; sendProgress: SendProgress | undefined },
): Promise<CallToolResult> {
  const { clock, limits, redactor, config, log } = codex.context;
  const started = clock.elapsed();
  const send: SendProgress | undefined =
    sendProgress &&
    ((count, message) => {
      sendProgress(count, redactor.redactSecrets(message));
    });
  const progress = new Progress(send, clock, limits);
  try {
    const input = validateArguments(tool, args);
    assertConfigured(config, tool.needs);
    const result = await tool.handle(input, codex, { signal, progress });
    log("CODEX", `${tool.name} answered in ${Math.round(clock.elapsed() - started)} ms`);
    return {
      content: [{ type: "text", text: redactor.redactSecrets(result.text) }],
      ...(result.facts === undefined ? {} : { _meta: { [resultKey]: withoutSecrets(result.facts, redactor) } }),
    };
  } catch (thrown) {
    const cancelled = signal.aborted && !(thrown instanceof CodexError);
    const error = cancelled ? new CodexError("CANCELLED", "The call was cancelled.") : toCodexError(thrown);
    log("CODEX", `${tool.name} failed with ${errorForLog(error)}`);
    return errorResult(error, codex.context);
  } finally {
    progress.stop();
  }
}

function withoutSecrets(facts: object, redactor: Redactor): unknown {
  return JSON.parse(redactor.redactSecrets(JSON.stringify(facts)));
}

function errorResult(error: CodexError, { clock, timeZone, redactor }: CodexContext): CallToolResult {
  const { code, details } = error;
  const { partialText, partialTotalChars, retryAfterMs, resetsAt } = details;
  const head = redactor.redactAll(renderError(error, clock.now(), timeZone, "mcp"));
  const partial =
    partialText === undefined ? "" : redactor.redactSecrets(renderPartial(partialText, partialTotalChars));
  return {
    isError: true,
    content: [{ type: "text", text: `${head}${partial}` }],
    _meta: { [errorKey]: { code, retryAfterMs, resetsAt } },
  };
}
