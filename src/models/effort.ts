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
 * lowest accepted one. `ultra` is never sent. Every other effort is sent as requested if `supported` is undefined.
 *
 * @param supported undefined if no list has the model
 */
export function clampEffort(requested: ReasoningEffort, supported: readonly string[] | undefined): ReasoningEffort {
  const accepted = (supported ?? reasoningEfforts)
    .filter(isReasoningEffort)
    .filter((effort) => effort !== "ultra")
    .toSorted((a, b) => rank(a) - rank(b));
  if (requested !== "ultra" && accepted.includes(requested)) return requested;
  const below = accepted.filter((effort) => rank(effort) < rank(requested)).at(-1);
  return below ?? accepted[0] ?? (requested === "ultra" ? "max" : requested);
}
