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
 * The effort to send: the requested one if the model takes it, else the highest accepted one below it, else the
 * lowest accepted one. `ultra` is never sent. Without `supported`, every other effort is sent as requested.
 *
 * @param supported empty if unknown
 */
export function clampEffort(requested: ReasoningEffort, supported: readonly string[] = []): ReasoningEffort {
  const accepted = supported
    .filter(isReasoningEffort)
    .filter((effort) => effort !== "ultra")
    .toSorted((a, b) => rank(a) - rank(b));
  if (requested !== "ultra" && accepted.includes(requested)) return requested;
  const below = accepted.filter((effort) => rank(effort) < rank(requested)).at(-1);
  return below ?? accepted[0] ?? (requested === "ultra" ? "max" : requested);
}
