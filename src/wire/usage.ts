import * as z from "zod";
import type { Usage } from "../core/response-events.ts";

/** A whole number, also as text; anything else is not known. */
const count = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .pipe(z.number().int().nonnegative())
  .optional()
  .catch(undefined);

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

/** Undefined where nothing is known of it. */
export function toUsage(wire: z.infer<typeof usage>): Usage | undefined {
  if (!wire) return undefined;
  const counts: Usage = {
    inputTokens: wire.input_tokens,
    cachedInputTokens: wire.input_tokens_details?.cached_tokens,
    outputTokens: wire.output_tokens,
    reasoningTokens: wire.output_tokens_details?.reasoning_tokens,
  };
  return Object.values(counts).some((known) => known !== undefined) ? counts : undefined;
}
