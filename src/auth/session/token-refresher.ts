import type { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { isExpired, type Origins, type TokenSet } from "../oauth/token-set.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { FileLock, HeldLock } from "../../platform/files/file-lock.ts";
import { fingerprint } from "../../platform/random.ts";
import { attemptsBeforeRest, assertMayRetry, type LedgerEntry, type RefreshJournal } from "./refresh-journal.ts";
import { readCurrentTokens, type PendingSave } from "./pending-save.ts";
import { lockRemoved, refreshTokenRevoked } from "./refresh-errors.ts";
import type { RefreshPersister } from "./refresh-persister.ts";
import type { RefreshReason, RefreshExecutor } from "./refresh-coordinator.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import type { LoginStore } from "./token-store.ts";

export interface RefreshAttemptsDeps {
  origins: Origins;
  store: LoginStore;
  ledger: Pick<RefreshJournal, "find" | "record">;
  endpoint: TokenEndpoint;
  saver: RefreshPersister;
  unsaved: PendingSave;
  lock: Pick<FileLock, "isGone">;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/**
 * Spends a refresh token in this process, at most once. Every step that can be undone comes before
 * the request; nothing interrupts between the request and the save.
 */
export class TokenRefresher implements RefreshExecutor {
  readonly #deps: RefreshAttemptsDeps;

  constructor(deps: RefreshAttemptsDeps) {
    this.#deps = deps;
  }

  settled(): Promise<void> {
    return this.#deps.saver.settled();
  }

  /**
   * How often this token may have been spent already.
   *
   * @throws CodexError when that forbids another attempt: `AUTH_EXPIRED`, `STORAGE`, `TIMEOUT`,
   *   `RATE_LIMITED` or `UPSTREAM`.
   */
  async check(current: TokenSet, held: HeldLock, reason: RefreshReason): Promise<number> {
    const { ledger, lock, clock, limits } = this.#deps;
    const known = await ledger.find(fingerprint(current.refreshToken));
    if (known === undefined) return 0;
    const situation = {
      now: clock.now(),
      usable: this.#usable(current, reason),
      own: known.by === held.owner,
      gone: lock.isGone(known.by),
    };
    assertMayRetry(known, situation, limits);
    return known.attempts;
  }

  async refresh(current: TokenSet, held: HeldLock, reason: RefreshReason, stopping: AbortSignal): Promise<TokenSet> {
    const { store, ledger, endpoint, saver, clock, limits, log } = this.#deps;
    const token = fingerprint(current.refreshToken);
    let attempts = await this.check(current, held, reason);
    const note = (outcome: LedgerEntry["outcome"], restMs?: number): Promise<void> =>
      ledger.record({ token, outcome, attempts, at: clock.now(), by: held.owner, restMs });
    for (;;) {
      stopping.throwIfAborted();
      await store.rehearse(reason === "proactive" ? 0 : limits.fileLockWaitMs);
      stopping.throwIfAborted();
      attempts++;
      await note("sent");
      // Somebody may have removed the lock's folder: then another process may be spending, too.
      if (!(await held.isOwned())) throw lockRemoved();
      const started = clock.elapsed();
      const outcome = await endpoint.refresh(current.refreshToken);
      const ms = Math.round(clock.elapsed() - started);
      log("TOKEN", `refresh (${reason}): ${outcome.kind} after ${ms} ms`);
      switch (outcome.kind) {
        case "granted":
          attempts = 0; // counts where the server does not rotate, and the same token goes on
          return saver.save(current, outcome.grant, note, this.#usable(current, reason));
        case "refused":
          await note("refused");
          return this.#successorOf(current, refreshTokenRevoked(outcome.code));
        case "unsent":
          attempts--;
          await note("unknown", outcome.error.details.retryAfterMs);
          throw outcome.error;
        case "unknown":
          await note("unknown");
          if (attempts >= attemptsBeforeRest || this.#usable(current, reason)) throw outcome.error;
          // Who has waited that long hears of it; the next call makes the next attempt.
          if (["TIMEOUT", "PROTOCOL"].includes(outcome.error.code)) throw outcome.error;
          if (stopping.aborted) throw outcome.error;
      }
      const stored = await readCurrentTokens(this.#deps);
      if (stored.refreshToken !== current.refreshToken) return stored;
    }
  }

  /** The access token still does its work, so there is no hurry to spend again. */
  #usable(current: TokenSet, reason: RefreshReason): boolean {
    return reason !== "rejected" && !isExpired(current, this.#deps.clock.now());
  }

  /** What the file has got meanwhile in place of a dead login. @throws `error` when it has nothing. */
  async #successorOf(dead: TokenSet, error: CodexError): Promise<TokenSet> {
    const stored = await readCurrentTokens(this.#deps);
    if (stored.refreshToken === dead.refreshToken) throw error;
    return stored;
  }
}
