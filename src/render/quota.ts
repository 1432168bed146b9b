import { windowName, type Quota, type QuotaWindow } from "../quota/quota.ts";
import { localTime, span } from "../shared/time.ts";

const barWidth = 20;

/** Quota for a footer: "week: 78 % left, resets Thu 26 Nov 14:03". */
export function quotaSummary(quota: Quota, now: number, timeZone: string): string {
  return quota.windows
    .map((window) => `${windowName(window.windowMinutes)}: ${left(window)} % left${reset(window, now, timeZone)}`)
    .join("; ");
}

/** Quota for a report: its age, then a line with a bar for each window. */
export function quotaLines(quota: Quota, now: number, timeZone: string): string[] {
  const bars = quota.windows.map((window) => {
    const filled = Math.round((left(window) / 100) * barWidth);
    const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
    const name = windowName(window.windowMinutes).padEnd(5);
    return `  ${name} ${bar} ${left(window)} % left${reset(window, now, timeZone)}`;
  });
  return [`Quota, as seen ${span(now - quota.seenAt)} ago:`, ...bars];
}

function left(window: QuotaWindow): number {
  return Math.round(100 - window.usedPercent);
}

function reset(window: QuotaWindow, now: number, timeZone: string): string {
  if (window.resetsAt === undefined) return "";
  if (window.resetsAt <= now) return ", has been reset since";
  return `, resets ${localTime(window.resetsAt, now, timeZone)}`;
}
