import { programEnds, type CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { isExpired, isExpiring, type Origins, type TokenSet } from "../oauth/token-set.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { isHeld, type FileLock, type HeldLock } from "../../platform/files/file-lock.ts";
import { readCurrentTokens, type PendingSave } from "./pending-save.ts";
import { refreshBroke, refreshingElsewhere } from "./refresh-errors.ts";
import type { LoginStore } from "./token-store.ts";

/** Each round of a refresh whose process died may spend: the ledger forbids a third one anyway. */
const maxRounds = 3;

/**
 * Why a refresh is wanted: "proactive" has a token that still works and never waits for another process;
 * "expired" has none; "rejected" has one that the API refused.
 */
export type RefreshReason = "proactive" | "expired" | "rejected";

/** How a refresh token is spent under the lock: in this process, or in one of its own. */
export interface RefreshExecutor {
  /**
   * The login after it; undefined when that cannot be told and the lock is no longer ours, so that
   * one has to look again.
   *
   * @param stopping no request begins once it is aborted
   */
  refresh(
    current: TokenSet,
    held: HeldLock,
    reason: RefreshReason,
    stopping: AbortSignal,
  ): Promise<TokenSet | undefined>;
  /** Resolves when nothing of an earlier spending is under way any more. */
  settled(): Promise<void>;
}

export interface RefresherDeps {
  origins: Origins;
  store: LoginStore;
  /** Held around check, request and save; the store's own lock is another one, held for an instant. */
  lock: Pick<FileLock, "acquire">;
  spending: RefreshExecutor;
  unsaved: PendingSave;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/**
 * Refreshes the login once among all processes of this machine: whoever has the lock looks first
 * whether another process has stored a fresh login, and only then spends the refresh token.
 */
export class RefreshCoordinator {
  readonly #deps: RefresherDeps;
  readonly #closing = new AbortController();

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
  }

  /** No refresh starts or waits from now on; one that was sent goes on to its save. */
  stop(): void {
    this.#closing.abort(programEnds());
  }

  /** Why the present login is only in memory, if it is. */
  get unsavedReason(): CodexError | undefined {
    return this.#deps.unsaved.reason;
  }

  /** The login to use in place of the stored one: the newer one that could not be saved. */
  newest(stored: TokenSet): TokenSet {
    return this.#deps.unsaved.newest(stored);
  }

  /** One last attempt to save what is only in memory, and the end of what a refresh left to do. */
  async settle(): Promise<void> {
    await Promise.all([this.#deps.unsaved.stop(), this.#deps.spending.settled()]);
  }

  /**
   * The login after a refresh, or after another process's one.
   *
   * @throws CodexError `AUTH_REQUIRED` (signed out meanwhile), `AUTH_EXPIRED`, `TIMEOUT` (another
   *   process has the lock), `STORAGE` (nothing was spent), or why the endpoint failed.
   */
  async refresh(seen: TokenSet, reason: RefreshReason): Promise<TokenSet> {
    for (let round = 1; round <= maxRounds; round++) {
      const refreshed = await this.#round(seen, reason);
      if (refreshed !== undefined) return refreshed;
    }
    throw refreshBroke();
  }

  async #round(seen: TokenSet, reason: RefreshReason): Promise<TokenSet | undefined> {
    const { lock, spending, limits, log } = this.#deps;
    const waitMs = reason === "proactive" ? 0 : limits.refreshWaitMs;
    const held = await lock.acquire(waitMs, this.#closing.signal);
    if (!isHeld(held)) throw refreshingElsewhere(held.holderPid);
    try {
      const current = await readCurrentTokens(this.#deps);
      if (current.accessToken !== seen.accessToken && !this.#stale(current, reason)) {
        log("TOKEN", "adopted the login that another process stored");
        return current;
      }
      return await spending.refresh(current, held, reason, this.#closing.signal);
    } finally {
      await held.release();
    }
  }

  /** True when another login than the seen one does not help either. */
  #stale(current: TokenSet, reason: RefreshReason): boolean {
    const { clock, limits } = this.#deps;
    if (reason === "rejected") return isExpired(current, clock.now());
    return isExpiring(current, clock.now(), limits.refreshMarginMs);
  }
}
