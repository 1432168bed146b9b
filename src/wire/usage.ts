import * as z from "zod";
import type { Usage } from "../core/response-events.ts";

const count = z.number().int().nonnegative().catch(0);
/** Token counts of a response (docs/wire.md §12). */
export const usage = z
  .object({
    input_tokens: count,
    output_tokens: count,
    input_tokens_details: z.object({ cached_tokens: count }).nullish().catch(undefined),
    output_tokens_details: z.object({ reasoning_tokens: count }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

export function toUsage(wire: z.infer<typeof usage>): Usage | undefined {
  if (!wire) return undefined;
  return {
    inputTokens: wire.input_tokens,
    cachedInputTokens: wire.input_tokens_details?.cached_tokens ?? 0,
    outputTokens: wire.output_tokens,
    reasoningTokens: wire.output_tokens_details?.reasoning_tokens ?? 0,
  };
}
