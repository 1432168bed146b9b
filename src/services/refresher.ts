import { CodexError, toCodexError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import {
  assertIssuedFor,
  isExpired,
  isExpiring,
  type Origins,
  type TokenSet,
} from "../core/tokens.ts";
import type { Clock } from "../infra/clock.ts";
import type { Log } from "../infra/debug-log.ts";
import { isHeld, type FileLock, type HeldLock } from "../infra/file-lock.ts";
import { fingerprint } from "../infra/random.ts";
import type { RefreshResponse } from "../wire/oauth.ts";
import { attemptsBeforeRest, checkEarlierAttempts } from "./earlier-attempts.ts";
import {
  lockRemoved,
  loginLost,
  otherAccount,
  refreshingElsewhere,
  signedOutMeanwhile,
  withoutAccessToken,
} from "./refresh-errors.ts";
import type { LedgerEntry, RefreshLedger } from "./refresh-ledger.ts";
import { refreshedLogin } from "./refreshed-login.ts";
import type { TokenEndpoint } from "./token-endpoint.ts";
import type { TokenStore } from "./token-store.ts";
import { UnsavedLogin } from "./unsaved-login.ts";

export interface RefresherDeps {
  origins: Origins;
  store: TokenStore;
  ledger: RefreshLedger;
  endpoint: TokenEndpoint;
  /** Held around check, request and save; the store's own lock is another one, held for an instant. */
  lock: FileLock;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/**
 * Why a refresh is wanted: "soon" has a token that still works and never waits for another process;
 * "expired" has none; "rejected" has one that the API refused.
 */
export type RefreshReason = "soon" | "expired" | "rejected";

/**
 * Spends a refresh token at most once, among all processes of this machine. Every step that can be
 * undone comes before the request; nothing interrupts between the request and the save.
 */
export class Refresher {
  readonly #deps: RefresherDeps;
  readonly #unsaved: UnsavedLogin;
  readonly #closing = new AbortController();

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
    this.#unsaved = new UnsavedLogin(deps);
  }

  /** No refresh starts or waits from now on; one that was sent goes on to its save. */
  stop(): void {
    this.#closing.abort(new CodexError("CANCELLED", "The server is ending."));
  }

  /** Why the present login is only in memory, if it is. */
  get unsavedReason(): CodexError | undefined {
    return this.#unsaved.reason;
  }

  /** The login to use in place of the stored one: the newer one that could not be saved. */
  newest(stored: TokenSet): TokenSet {
    return this.#unsaved.newest(stored);
  }

  /** One last attempt to save what is only in memory. */
  async flush(): Promise<void> {
    await this.#unsaved.flush();
  }

  /**
   * The login after a refresh, or after another process's one.
   *
   * @throws CodexError `AUTH_REQUIRED` (signed out meanwhile), `AUTH_EXPIRED`, `TIMEOUT` (another
   *   process has the lock), `STORAGE` (nothing was spent), or why the endpoint failed.
   */
  async refresh(seen: TokenSet, reason: RefreshReason): Promise<TokenSet> {
    const { lock, limits, log } = this.#deps;
    const waitMs = reason === "soon" ? 0 : limits.refreshWaitMs;
    const held = await lock.acquire(waitMs, this.#closing.signal);
    if (!isHeld(held)) throw refreshingElsewhere(held.holderPid);
    try {
      const current = await this.#stored();
      if (current.accessToken !== seen.accessToken && !this.#stale(current, reason)) {
        log("TOKEN", "adopted the login that another process stored");
        return current;
      }
      return await this.#spend(current, held, reason);
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

  async #stored(): Promise<TokenSet> {
    const stored = await this.#deps.store.read();
    if (stored === undefined) throw signedOutMeanwhile();
    assertIssuedFor(stored, this.#deps.origins);
    return this.newest(stored);
  }

  async #spend(current: TokenSet, held: HeldLock, reason: RefreshReason): Promise<TokenSet> {
    const { store, ledger, endpoint, clock, limits, log } = this.#deps;
    const token = fingerprint(current.refreshToken);
    let attempts = await this.#attemptsSoFar(token, current, held, reason);
    const note: Note = (outcome, restMs) =>
      ledger.record({ token, outcome, attempts, at: clock.now(), by: held.owner, restMs });
    for (;;) {
      this.#closing.signal.throwIfAborted();
      await store.rehearse(reason === "soon" ? 0 : limits.fileLockWaitMs);
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
          return this.#save(current, outcome.grant, note, reason);
        case "refused":
          await note("refused");
          return this.#successorOf(current, loginLost(outcome.code));
        case "unsent":
          attempts--;
          await note("unknown", outcome.error.details.retryAfterMs);
          throw outcome.error;
        case "unknown":
          await note("unknown");
          if (attempts >= attemptsBeforeRest || this.#usable(current, reason)) throw outcome.error;
          // Who has waited that long hears of it; the next call makes the next attempt.
          if (["TIMEOUT", "PROTOCOL"].includes(outcome.error.code)) throw outcome.error;
      }
      // A login or a logout needs no refresh lock and may have come meanwhile.
      const stored = await this.#stored();
      if (stored.refreshToken !== current.refreshToken) return stored;
    }
  }

  /** @throws CodexError when they forbid another one. */
  async #attemptsSoFar(
    token: string,
    current: TokenSet,
    held: HeldLock,
    reason: RefreshReason,
  ): Promise<number> {
    const { ledger, lock, clock, limits } = this.#deps;
    const known = await ledger.find(token);
    if (known === undefined) return 0;
    const situation = {
      now: clock.now(),
      usable: this.#usable(current, reason),
      own: known.by === held.owner,
      gone: lock.isGone(known.by),
    };
    checkEarlierAttempts(known, situation, limits);
    return known.attempts;
  }

  /** The access token still does its work, so there is no hurry to spend again. */
  #usable(current: TokenSet, reason: RefreshReason): boolean {
    return reason !== "rejected" && !isExpired(current, this.#deps.clock.now());
  }

  /** What the file has got meanwhile in place of a dead login. @throws `error` when it has nothing. */
  async #successorOf(dead: TokenSet, error: CodexError): Promise<TokenSet> {
    const stored = await this.#stored();
    if (stored.refreshToken === dead.refreshToken) throw error;
    return stored;
  }

  async #save(
    spent: TokenSet,
    grant: RefreshResponse,
    note: Note,
    reason: RefreshReason,
  ): Promise<TokenSet> {
    const { store, clock, log } = this.#deps;
    const next = refreshedLogin(spent, grant, clock.now());
    if (next === undefined) {
      await note("refused");
      throw otherAccount();
    }
    let replaced = false as boolean; // the compiler does not see the callback run
    let stored: TokenSet | undefined;
    try {
      stored = await store.update((found, damaged) => {
        // Whatever damaged the file has signed nobody out.
        replaced = !damaged && !isSameLogin(found && this.newest(found), spent);
        return replaced ? undefined : next;
      });
      if (!replaced) this.#unsaved.forget();
    } catch (error) {
      const reasonKept = toCodexError(error);
      log("TOKEN", `the refreshed login could not be saved: ${reasonKept.message}`);
      this.#unsaved.keep(spent.refreshToken, next, reasonKept);
    }
    if (replaced) return this.#giveUp(next, stored);
    if (next.refreshToken === spent.refreshToken) await note("unknown");
    else if (this.#unsaved.reason !== undefined) await note("granted");
    if (grant.access_token === undefined && !this.#usable(spent, reason)) {
      throw withoutAccessToken();
    }
    return next;
  }

  /** The login was removed or replaced during the refresh: its successor must not come back. */
  #giveUp(successor: TokenSet, stored: TokenSet | undefined): TokenSet {
    const { endpoint, origins, log } = this.#deps;
    log("TOKEN", "the login was removed or replaced during the refresh");
    // A token of the stored login's own family must live: revoking one ends them all.
    if (stored?.generation !== successor.generation) {
      void endpoint.revoke(successor.refreshToken).catch(() => undefined);
    }
    if (stored === undefined) throw signedOutMeanwhile();
    assertIssuedFor(stored, origins);
    return stored;
  }
}

type Note = (outcome: LedgerEntry["outcome"], restMs?: number) => Promise<void>;

function isSameLogin(stored: TokenSet | undefined, spent: TokenSet): boolean {
  return stored?.generation === spent.generation && stored.refreshToken === spent.refreshToken;
}
