import type { FileLock, HeldLock } from "../../platform/files/file-lock.ts";
import { fingerprint } from "../../platform/random.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import { isExpired, type TokenSet } from "../oauth/token-set.ts";
import {
  readCurrentTokens,
  type RefreshContext,
  type RefreshExecutor,
  type RefreshReason,
} from "./refresh-coordinator.ts";
import { lockRemoved, refreshTokenRevoked } from "./refresh-errors.ts";
import { assertMayRetry, attemptsBeforeCooldown, type JournalEntry, type RefreshJournal } from "./refresh-journal.ts";
import type { RefreshPersister } from "./refresh-persister.ts";

interface TokenRefresherDeps extends RefreshContext {
  journal: Pick<RefreshJournal, "find" | "record">;
  endpoint: TokenEndpoint;
  persister: RefreshPersister;
  lock: Pick<FileLock, "isGone">;
}

/**
 * Uses a refresh token in this process, at most once. Every step that can be undone comes before the request; nothing
 * interrupts between the request and the save.
 */
export class TokenRefresher implements RefreshExecutor {
  readonly #deps: TokenRefresherDeps;

  constructor(deps: TokenRefresherDeps) {
    this.#deps = deps;
  }

  /**
   * How many earlier requests may have used this token.
   *
   * @throws CodexError if they forbid another one: `AUTH_EXPIRED`, `STORAGE`, `TIMEOUT`, `RATE_LIMITED` or `UPSTREAM`.
   */
  async check(current: TokenSet, { owner }: HeldLock, reason: RefreshReason): Promise<number> {
    const { journal, lock, clock, limits } = this.#deps;
    const entry = await journal.find(fingerprint(current.refreshToken));
    if (entry === undefined) return 0;
    const context = {
      now: clock.now(),
      accessTokenValid: this.#isValid(current, reason),
      ownEntry: entry.by === owner,
      ownerExited: lock.isGone(entry.by),
    };
    assertMayRetry(entry, context, limits);
    return entry.attempts;
  }

  async refresh(current: TokenSet, lock: HeldLock, reason: RefreshReason, stopping: AbortSignal): Promise<TokenSet> {
    const { store, journal, endpoint, persister, clock, limits, log } = this.#deps;
    const token = fingerprint(current.refreshToken);
    let attempts = await this.check(current, lock, reason);
    const record = (outcome: JournalEntry["outcome"], restMs?: number): Promise<void> =>
      journal.record({ token, outcome, attempts, at: clock.now(), by: lock.owner, restMs });
    for (;;) {
      stopping.throwIfAborted();
      await store.rehearse(reason === "proactive" ? 0 : limits.fileLockWaitMs);
      stopping.throwIfAborted();
      attempts++;
      await record("sent");
      // If the lock's folder was removed, another process may be using the token, too.
      if (!(await lock.isOwned())) throw lockRemoved();
      const started = clock.elapsed();
      const outcome = await endpoint.refresh(current.refreshToken);
      const ms = Math.round(clock.elapsed() - started);
      log("TOKEN", `refresh (${reason}): ${outcome.kind} after ${ms} ms`);
      switch (outcome.kind) {
        case "granted":
          attempts = 0; // for a server that does not rotate: the same token is used again
          return persister.save(current, outcome.grant, record, this.#isValid(current, reason));
        case "refused": {
          await record("refused");
          const stored = await readCurrentTokens(this.#deps);
          if (stored.refreshToken === current.refreshToken) throw refreshTokenRevoked(outcome.code);
          return stored;
        }
        case "unsent":
          attempts--;
          await record("unknown", outcome.error.details.retryAfterMs);
          throw outcome.error;
        case "unknown":
          await record("unknown");
          if (attempts >= attemptsBeforeCooldown || this.#isValid(current, reason)) throw outcome.error;
          // The caller has waited long enough; the next call makes the next attempt.
          if (["TIMEOUT", "PROTOCOL"].includes(outcome.error.code)) throw outcome.error;
          if (stopping.aborted) throw outcome.error;
      }
      const stored = await readCurrentTokens(this.#deps);
      if (stored.refreshToken !== current.refreshToken) return stored;
    }
  }

  /** The access token can still be used, so that another refresh isn't urgent. */
  #isValid(current: TokenSet, reason: RefreshReason): boolean {
    return reason !== "rejected" && !isExpired(current, this.#deps.clock.now());
  }
}
