import type { SimAccount } from "./types.ts";

const PREFIX = "x-codex";

/** A live-like set: both windows there, the short one first. */
export function defaultRateLimitHeaders(now: number, plan: string): Record<string, string> {
  const seconds = Math.floor(now / 1000);
  return {
    "x-codex-active-limit": "codex",
    "x-codex-plan-type": plan,
    "x-codex-primary-used-percent": "12",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": String(seconds + 7200),
    "x-codex-primary-reset-after-seconds": "7200",
    "x-codex-primary-over-secondary-limit-percent": "0",
    "x-codex-secondary-used-percent": "34",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-at": String(seconds + 155_800),
    "x-codex-secondary-reset-after-seconds": "155800",
    "x-codex-credits-has-credits": "False",
    "x-codex-credits-unlimited": "False",
    "x-codex-credits-balance": "0",
    "x-codex-turn-state": "simulated-turn-state",
  };
}

/** Weekly window only, in the first place, the second one empty: seen live in September 2026. */
export function weeklyOnlyRateLimitHeaders(now: number, plan: string): Record<string, string> {
  const seconds = Math.floor(now / 1000);
  return {
    ...defaultRateLimitHeaders(now, plan),
    "x-codex-primary-used-percent": "22",
    "x-codex-primary-window-minutes": "10080",
    "x-codex-primary-reset-at": String(seconds + 155_800),
    "x-codex-primary-reset-after-seconds": "155800",
    "x-codex-secondary-used-percent": "0",
    "x-codex-secondary-window-minutes": "0",
    "x-codex-secondary-reset-at": "",
    "x-codex-secondary-reset-after-seconds": "0",
  };
}

/** The usage endpoint tells the same as the headers, in its own words. */
export function usageBody(account: SimAccount, headers: Record<string, string>): object {
  const primary = windowOf(headers, "primary");
  const secondary = windowOf(headers, "secondary");
  const reached = [primary, secondary].some((one) => one !== null && one.used_percent >= 100);
  return {
    plan_type: account.plan,
    rate_limit: {
      allowed: !reached,
      limit_reached: reached,
      primary_window: primary,
      secondary_window: secondary,
    },
    code_review_rate_limit: null,
    additional_rate_limits: [],
    credits: { has_credits: false, unlimited: false, balance: null },
    spend_control: null,
    rate_limit_reached_type: null,
  };
}

interface UsageWindow {
  used_percent: number;
  limit_window_seconds: number;
  reset_after_seconds: number;
  reset_at: number;
}

function windowOf(headers: Record<string, string>, position: "primary" | "secondary"): UsageWindow | null {
  const value = (name: string): number => Number(headers[`${PREFIX}-${position}-${name}`] ?? "0");
  if (value("window-minutes") === 0) return null;
  return {
    used_percent: value("used-percent"),
    limit_window_seconds: value("window-minutes") * 60,
    reset_after_seconds: value("reset-after-seconds"),
    reset_at: value("reset-at"),
  };
}
