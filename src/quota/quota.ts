/** One window of the plan's quota. */
export interface QuotaWindow {
  /** 0 to 100. */
  usedPercent: number;
  windowMinutes: number;
  /** Epoch ms; unknown when the service does not say. */
  resetsAt: number | undefined;
}

/** What the service last said about the quota. */
export interface Quota {
  windows: readonly QuotaWindow[];
  /** Epoch ms. */
  seenAt: number;
  plan: string | undefined;
}

/** When the last of the used-up windows starts anew, epoch ms; undefined when none is used up. */
export function exhaustedUntil(quota: Quota): number | undefined {
  const resets = quota.windows.flatMap(({ usedPercent, resetsAt }) =>
    usedPercent >= 100 && resetsAt !== undefined ? [resetsAt] : [],
  );
  return resets.length === 0 ? undefined : Math.max(...resets);
}

/** A window named by how long it lasts: positions carry no meaning (docs/wire.md §14). */
export function windowName(minutes: number): string {
  const hours = minutes / 60;
  if (minutes === 10_080) return "week";
  if (minutes >= 40_320 && minutes <= 44_640) return "month";
  if (minutes % 1_440 === 0) return minutes === 1_440 ? "day" : `${minutes / 1_440} d`;
  if (minutes % 60 === 0) return `${hours} h`;
  return `${minutes} min`;
}
