import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { CodexContext, ComposedCodex } from "../app/codex.ts";
import { assertConfigured } from "../config/config.ts";
import { renderError, renderPartial } from "../render/error.ts";
import { CodexError, errorForLog, toCodexError } from "../shared/errors.ts";
import { Progress, type SendProgress } from "./progress.ts";
import { validateArguments, type Tool } from "./tool.ts";

/** `_meta` keys of the machine-readable facts. */
const resultKey = "codex-oauth/result";
const errorKey = "codex-oauth/error";

/** Runs one tool. This is the only place that catches: every failure becomes an `isError` result. */
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
    const { text, facts } = await tool.handle(input, codex, { signal, progress });
    log("CODEX", `${tool.name} answered in ${Math.round(clock.elapsed() - started)} ms`);
    const redacted: unknown = facts && JSON.parse(redactor.redactSecrets(JSON.stringify(facts)));
    return {
      content: [{ type: "text", text: redactor.redactSecrets(text) }],
      ...(facts && { _meta: { [resultKey]: redacted } }),
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

function errorResult(error: CodexError, { clock, timeZone, redactor }: CodexContext): CallToolResult {
  const { partialText, partialTotalChars, retryAfterMs, resetsAt } = error.details;
  const head = redactor.redactAll(renderError(error, clock.now(), timeZone, "mcp"));
  const partial =
    partialText === undefined ? "" : redactor.redactSecrets(renderPartial(partialText, partialTotalChars));
  return {
    isError: true,
    content: [{ type: "text", text: `${head}${partial}` }],
    _meta: { [errorKey]: { code: error.code, retryAfterMs, resetsAt } },
  };
}
