/** One rate-limit window of the plan. */
export interface QuotaWindow {
  /** 0 to 100. */
  usedPercent: number;
  windowMinutes: number;
  /** Epoch ms; undefined if the service does not say. */
  resetsAt: number | undefined;
}

/** The quota as the service last reported it. */
export interface Quota {
  windows: readonly QuotaWindow[];
  /** Epoch ms. */
  seenAt: number;
  plan: string | undefined;
}

/** When the last of the used-up windows resets, epoch ms; undefined if no window is used up. */
export function exhaustedUntil(quota: Quota): number | undefined {
  const resets = quota.windows.flatMap(({ usedPercent, resetsAt }) =>
    usedPercent >= 100 && resetsAt !== undefined ? [resetsAt] : [],
  );
  return resets.length === 0 ? undefined : Math.max(...resets);
}

/** A window's name by its length, since positions have no meaning (docs/wire.md §14). */
export function windowName(minutes: number): string {
  if (minutes === 10_080) return "week";
  if (minutes >= 40_320 && minutes <= 44_640) return "month";
  if (minutes % 1_440 === 0) return minutes === 1_440 ? "day" : `${minutes / 1_440} d`;
  if (minutes % 60 === 0) return `${minutes / 60} h`;
  return `${minutes} min`;
}
