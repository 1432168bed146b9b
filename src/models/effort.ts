/** Reasoning efforts from least to most; `ultra` exists only on the client's side (docs/wire.md §9). */
export const reasoningEfforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"] as const;

export type ReasoningEffort = (typeof reasoningEfforts)[number];

export const verbosities = ["low", "medium", "high"] as const;
export type Verbosity = (typeof verbosities)[number];

export function isReasoningEffort(value: string): value is ReasoningEffort {
  return (reasoningEfforts as readonly string[]).includes(value);
}

const rank = (effort: string): number => (reasoningEfforts as readonly string[]).indexOf(effort);

/**
 * The effort to send for the one asked for: itself where the model takes it, else the highest
 * accepted one below it, else the lowest accepted one. `ultra` never goes on the wire; without
 * `supported` (the model is not in any list) everything else is sent as asked.
 */
export function clampEffort(asked: ReasoningEffort, supported: readonly string[] | undefined): ReasoningEffort {
  const accepted = (supported ?? reasoningEfforts)
    .filter(isReasoningEffort)
    .filter((effort) => effort !== "ultra")
    .toSorted((a, b) => rank(a) - rank(b));
  if (asked !== "ultra" && accepted.includes(asked)) return asked;
  const below = accepted.filter((effort) => rank(effort) < rank(asked)).at(-1);
  return below ?? accepted[0] ?? (asked === "ultra" ? "max" : asked);
}
