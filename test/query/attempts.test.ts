import { expect, test } from "vitest";
import type { Credential } from "../../src/api/credential.ts";
import type { CredentialSource } from "../../src/auth/credential-source.ts";
import { silentLog } from "../../src/platform/log.ts";
import { QueryAttempts, type PendingQuery } from "../../src/query/attempts.ts";
import type { QueryPlan } from "../../src/query/request/plan.ts";
import { CodexError } from "../../src/shared/errors.ts";
import { defaultLimits } from "../../src/shared/limits.ts";
import { fc } from "../support/chance.ts";

const baseMs = 500;

/** The pauses before the first retries of a query that always fails, with one jitter for all. */
async function pauses(retries: number, retryAfterMs: number | undefined, fraction: number): Promise<number[]> {
  const found: number[] = [];
  const waited: number[] = [];
  const attempts = new QueryAttempts({
    credentials: { sourceOf: () => ({}) as CredentialSource, replace: () => Promise.reject(new Error("unexpected")) },
    endpoint: { ask: () => Promise.reject(new CodexError("UPSTREAM", "Busy.", { retryable: true, retryAfterMs })) },
    clock: {
      now: () => 0,
      elapsed: () => 0,
      timer: (ms, fire) => {
        waited.push(ms);
        queueMicrotask(fire);
        return { refresh: () => undefined, cancel: () => undefined };
      },
    },
    random: { fraction: () => fraction },
    limits: { ...defaultLimits, maxRetries: retries, retryBaseDelayMs: baseMs, maxRetryAfterMs: 60_000 },
    log: silentLog,
  });
  const query: PendingQuery = {
    request: { prompt: "hi" },
    credential: {} as Credential,
    signal: new AbortController().signal,
    onProgress: (step) => {
      if (step.type === "retry") found.push(step.delayMs);
    },
    onQuota: () => undefined,
    retries: 0,
    credentialReplaced: false,
  };
  await expect(attempts.ask(query, { slug: "m", notices: [] } as unknown as QueryPlan)).rejects.toThrow("Busy.");
  expect(waited).toEqual(found);
  expect(found).toHaveLength(retries);
  return found;
}

test("without a word of the service the pauses double", async () => {
  expect(await pauses(3, undefined, 0)).toEqual([500, 1000, 2000]);
});

test("jitter adds at most half of the pause", async () => {
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fraction, async (random) => {
      for (const [retry, delay] of (await pauses(2, undefined, random)).entries()) {
        const base = baseMs * 2 ** retry;
        expect(delay).toBeGreaterThanOrEqual(base);
        expect(delay).toBeLessThanOrEqual(base * 1.5);
      }
    }),
  );
});

test("Retry-After is never undercut, and hardly exceeded", async () => {
  const wait = fc.integer({ min: 0, max: 60_000 });
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(wait, fraction, async (retryAfterMs, random) => {
      const [, delay] = await pauses(2, retryAfterMs, random);
      expect(delay).toBeGreaterThanOrEqual(retryAfterMs);
      expect(delay).toBeLessThanOrEqual(retryAfterMs + 500);
    }),
  );
});
