import type { Clock } from "../../platform/clock.ts";
import { isHeld, type FileLock, type HeldLock } from "../../platform/files/file-lock.ts";
import type { Log } from "../../platform/log.ts";
import { programEnds } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { assertIssuedFor, isExpired, isExpiring, type Origins, type TokenSet } from "../oauth/token-set.ts";
import type { PendingSave } from "./pending-save.ts";
import { refreshingElsewhere, refreshInterrupted, signedOutMeanwhile } from "./refresh-errors.ts";
import type { LoginStore } from "./token-store.ts";

/** A round whose process died may have used the token; the journal forbids a third attempt anyway. */
const maxRounds = 3;

/**
 * Why a refresh is wanted. With "proactive" the access token is still valid, so the refresh never waits for another
 * process. With "expired" it isn't, and with "rejected" the API refused it.
 */
export type RefreshReason = "proactive" | "expired" | "rejected";

/** What every part of a refresh works with. */
export interface RefreshContext {
  origins: Origins;
  store: LoginStore;
  pendingSave: PendingSave;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/** Uses a refresh token under the lock: in this process, or in a child process. */
export interface RefreshExecutor {
  /**
   * Resolves with the refreshed login, or with undefined if the outcome is unknown and the lock is lost, so that the
   * caller must read again.
   *
   * @param stopping no request begins once it is aborted
   */
  refresh(
    current: TokenSet,
    lock: HeldLock,
    reason: RefreshReason,
    stopping: AbortSignal,
  ): Promise<TokenSet | undefined>;
}

/**
 * Reads the login again during a refresh: a sign-in or a sign-out needs no refresh lock.
 *
 * @throws CodexError `AUTH_REQUIRED` if it was removed or belongs to other origins; `STORAGE`.
 */
export async function readCurrentTokens({
  origins,
  store,
  pendingSave,
}: Pick<RefreshContext, "origins" | "store" | "pendingSave">): Promise<TokenSet> {
  const stored = await store.read();
  if (stored === undefined) throw signedOutMeanwhile();
  assertIssuedFor(stored, origins);
  return pendingSave.newest(stored);
}

interface RefreshCoordinatorDeps extends RefreshContext {
  /** Held for check, request and save; the store's own lock is another one, held for an instant. */
  lock: Pick<FileLock, "acquire">;
  executor: RefreshExecutor;
}

/**
 * Refreshes the login once among all processes of this machine. The holder of the lock first checks if another process
 * has stored a fresh login, and only then uses the refresh token.
 */
export class RefreshCoordinator {
  readonly #deps: RefreshCoordinatorDeps;
  readonly #closing = new AbortController();

  constructor(deps: RefreshCoordinatorDeps) {
    this.#deps = deps;
  }

  /** From now on no refresh starts or waits; one that was sent goes on to its save. */
  stop(): void {
    this.#closing.abort(programEnds());
  }

  /**
   * The login after a refresh by this process or another one.
   *
   * @throws CodexError `AUTH_REQUIRED` (signed out meanwhile), `AUTH_EXPIRED`, `TIMEOUT` (another process has the
   *   lock), `STORAGE` (the token was not used), or why the endpoint failed.
   */
  async refresh(seen: TokenSet, reason: RefreshReason): Promise<TokenSet> {
    for (let round = 1; round <= maxRounds; round++) {
      const refreshed = await this.#round(seen, reason);
      if (refreshed !== undefined) return refreshed;
    }
    throw refreshInterrupted();
  }

  async #round(seen: TokenSet, reason: RefreshReason): Promise<TokenSet | undefined> {
    const { lock, executor, limits, log } = this.#deps;
    const waitMs = reason === "proactive" ? 0 : limits.refreshWaitMs;
    const acquired = await lock.acquire(waitMs, this.#closing.signal);
    if (!isHeld(acquired)) throw refreshingElsewhere(acquired.holderPid);
    try {
      const current = await readCurrentTokens(this.#deps);
      if (current.accessToken !== seen.accessToken && !this.#needsRefresh(current, reason)) {
        log("TOKEN", "adopted the login that another process stored");
        return current;
      }
      return await executor.refresh(current, acquired, reason, this.#closing.signal);
    } finally {
      await acquired.release();
    }
  }

  #needsRefresh(current: TokenSet, reason: RefreshReason): boolean {
    const { clock, limits } = this.#deps;
    if (reason === "rejected") return isExpired(current, clock.now());
    return isExpiring(current, clock.now(), limits.refreshMarginMs);
  }
}
