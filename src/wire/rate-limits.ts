import * as z from "zod";
import type { Quota, QuotaWindow } from "../core/quota.ts";

type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The quota windows of a response's headers, in any position (docs/wire.md §14), or undefined
 * when there are none.
 */
export function quotaFromHeaders(headers: HeaderBag, now: number): Quota | undefined {
  const windows = ["primary", "secondary"].flatMap((position) => {
    const used = number(headers, `x-codex-${position}-used-percent`);
    const minutes = number(headers, `x-codex-${position}-window-minutes`);
    const resetAtSeconds = number(headers, `x-codex-${position}-reset-at`);
    return toWindow(used, minutes, resetAtSeconds);
  });
  const plan = single(headers, "x-codex-plan-type");
  if (windows.length === 0) return undefined;
  return { windows, seenAt: now, plan };
}

const wireWindow = z
  .object({
    used_percent: z.number(),
    window_minutes: z.number().nullish(),
    reset_at: z.number().nullish(),
  })
  .nullish()
  .catch(undefined);

/** The stream event of the same meaning. */
export const rateLimitsEvent = z.object({
  type: z.literal("codex.rate_limits"),
  plan_type: z.string().nullish().catch(undefined),
  rate_limits: z.object({ primary: wireWindow, secondary: wireWindow }).nullish().catch(undefined),
});

export function quotaFromEvent(
  event: z.infer<typeof rateLimitsEvent>,
  now: number,
): Quota | undefined {
  const limits = event.rate_limits;
  const windows = [limits?.primary, limits?.secondary].flatMap((window) =>
    toWindow(window?.used_percent, window?.window_minutes, window?.reset_at),
  );
  if (windows.length === 0) return undefined;
  return { windows, seenAt: now, plan: event.plan_type ?? undefined };
}

function toWindow(
  used: number | undefined,
  minutes: number | null | undefined,
  resetAtSeconds: number | null | undefined,
): QuotaWindow[] {
  // A window that lasts no time is how the service says that there is none in this position.
  if (used === undefined || !minutes || minutes < 0) return [];
  return [
    {
      usedPercent: Math.min(100, Math.max(0, used)),
      windowMinutes: minutes,
      resetsAt: resetAtSeconds ? resetAtSeconds * 1000 : undefined,
    },
  ];
}

function single(headers: HeaderBag, name: string): string | undefined {
  const value = headers[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first.trim() === "" ? undefined : first.trim();
}

function number(headers: HeaderBag, name: string): number | undefined {
  const value = single(headers, name);
  if (value === undefined || !/^\d{1,15}(\.\d{1,6})?$/.test(value)) return undefined;
  return Number(value);
}
