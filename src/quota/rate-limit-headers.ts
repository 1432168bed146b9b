import * as z from "zod";
import type { Quota, QuotaWindow } from "./quota.ts";
import { firstValue, type HeaderBag } from "../api/headers.ts";
import { optionalText } from "../shared/json.ts";

/**
 * The quota in a response's headers (docs/wire.md §14); undefined without windows. Of several limits it is the active
 * one, if that has windows of its own.
 */
export function quotaFromHeaders(headers: HeaderBag, now: number): Quota | undefined {
  const active = headerText(headers, "x-codex-active-limit")?.toLowerCase().replaceAll("_", "-");
  const [windows] = [active ?? "codex", "codex"]
    .map((limit) => windowsOf(limit, headers))
    .filter(({ length }) => length > 0);
  if (windows === undefined) return undefined;
  return { windows, seenAt: now, plan: headerText(headers, "x-codex-plan-type") };
}

function windowsOf(limit: string, headers: HeaderBag): QuotaWindow[] {
  return ["primary", "secondary"].flatMap((position) => {
    const used = headerNumber(headers, `x-${limit}-${position}-used-percent`);
    const minutes = headerNumber(headers, `x-${limit}-${position}-window-minutes`);
    const resetAtSeconds = headerNumber(headers, `x-${limit}-${position}-reset-at`);
    return toWindow(used, minutes, resetAtSeconds);
  });
}

const wireWindow = z
  .object({
    used_percent: z.number(),
    window_minutes: z.number().nullish(),
    reset_at: z.number().nullish(),
  })
  .nullish()
  .catch(undefined);

/** The stream event with the same data. */
export const rateLimitsEvent = z.object({
  type: z.literal("codex.rate_limits"),
  plan_type: optionalText,
  rate_limits: z.object({ primary: wireWindow, secondary: wireWindow }).nullish().catch(undefined),
});

export function quotaFromEvent(event: z.infer<typeof rateLimitsEvent>, now: number): Quota | undefined {
  const limits = event.rate_limits;
  const windows = [limits?.primary, limits?.secondary].flatMap((window) =>
    toWindow(window?.used_percent, window?.window_minutes, window?.reset_at),
  );
  if (windows.length === 0) return undefined;
  return { windows, seenAt: now, plan: event.plan_type };
}

function toWindow(
  used: number | undefined,
  minutes: number | null | undefined,
  resetAtSeconds: number | null | undefined,
): QuotaWindow[] {
  // The service marks an unused position with a window of no length.
  if (used === undefined || !minutes || minutes < 0) return [];
  return [
    {
      usedPercent: Math.min(100, Math.max(0, used)),
      windowMinutes: minutes,
      resetsAt: resetAtSeconds ? resetAtSeconds * 1000 : undefined,
    },
  ];
}

function headerText(headers: HeaderBag, name: string): string | undefined {
  const value = firstValue(headers, name)?.trim();
  return value === "" ? undefined : value;
}

function headerNumber(headers: HeaderBag, name: string): number | undefined {
  const value = headerText(headers, name);
  if (value === undefined || !/^\d{1,15}(\.\d{1,6})?$/.test(value)) return undefined;
  return Number(value);
}
