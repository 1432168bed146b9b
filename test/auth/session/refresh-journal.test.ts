import { expect, test } from "vitest";
import { defaultLimits } from "../../../src/shared/limits.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import { assertMayRetry, type JournalEntry, type RetryContext } from "../../../src/auth/session/refresh-journal.ts";

const now = Date.UTC(2026, 10, 20, 12);
const second = 1_000;
const hour = 3_600 * second;

/** The error code of a new attempt with this entry and context, or "go on". */
function attempt(entry: Partial<JournalEntry>, context: Partial<RetryContext> = {}): string {
  const known = {
    token: "t",
    outcome: "unknown",
    attempts: 1,
    at: now,
    by: "x",
    ...entry,
  } as const;
  try {
    assertMayRetry(
      known,
      { now, accessTokenValid: false, ownEntry: false, ownerExited: false, ...context },
      defaultLimits,
    );
    return "go on";
  } catch (error) {
    return error instanceof CodexError ? error.code : String(error);
  }
}

test.each<[string, string, Partial<JournalEntry>, Partial<RetryContext>]>([
  ["AUTH_EXPIRED", "refused, long ago", { outcome: "refused", at: 0 }, {}],
  ["STORAGE", "granted to a window that could not save it", { outcome: "granted" }, {}],
  ["AUTH_EXPIRED", "granted to a window that has ended", { outcome: "granted" }, { ownerExited: true }],
  ["TIMEOUT", "sent by another window just now", { outcome: "sent" }, {}],
  ["go on", "sent by another window that has ended", { outcome: "sent" }, { ownerExited: true }],
  ["go on", "sent by this window, which has ended the attempt", { outcome: "sent" }, { ownEntry: true }],
  ["go on", "sent longer ago than a request lasts", { outcome: "sent", at: now - 20 * second }, {}],
  ["go on", "one attempt without outcome, expired", {}, {}],
  ["UPSTREAM", "one attempt without outcome, still usable", { at: 0 }, { accessTokenValid: true }],
  ["UPSTREAM", "two attempts just now", { attempts: 2 }, {}],
  ["go on", "two attempts half a minute ago", { attempts: 2, at: now - 30 * second }, {}],
  ["go on", "two attempts, and the clock was set back", { attempts: 2, at: now + hour }, {}],
  ["go on", "no attempt arrived, expired", { attempts: 0 }, {}],
  ["UPSTREAM", "no attempt arrived just now, still usable", { attempts: 0 }, { accessTokenValid: true }],
  [
    "go on",
    "none arrived half a minute ago, usable",
    { attempts: 0, at: now - 30 * second },
    { accessTokenValid: true },
  ],
  ["RATE_LIMITED", "asked to wait", { attempts: 0, at: now - 60 * second, restMs: 120 * second }, {}],
  ["go on", "asked to wait, and waited", { attempts: 0, at: now - 120 * second, restMs: 120 * second }, {}],
  ["go on", "asked to wait for a year, an hour ago", { attempts: 0, at: now - hour, restMs: 9e9 }, {}],
])("%s: %s", (expected, _, entry, context) => {
  expect(attempt(entry, context)).toBe(expected);
});
