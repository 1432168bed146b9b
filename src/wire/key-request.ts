import type { QueryPlan } from "../core/query.ts";

/**
 * The classic body as every text model behind an API key takes it (docs/wire.md §19): no reasoning
 * field that nobody asked for, since models without reasoning refuse it, and a temperature.
 */
export function keyRequest(
  body: Readonly<Record<string, unknown>>,
  { effort, temperature }: Pick<QueryPlan, "effort" | "temperature">,
): Record<string, unknown> {
  const { reasoning: _, include: __, ...rest } = body;
  return {
    ...rest,
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}
