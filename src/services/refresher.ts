import { CodexError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import {
  assertIssuedFor,
  isExpired,
  isExpiring,
  type Origins,
  type TokenSet,
} from "../core/tokens.ts";
import { sleep, type Clock } from "../infra/clock.ts";
import type { Log } from "../infra/debug-log.ts";
import { isHeld, type FileLock, type HeldLock } from "../infra/file-lock.ts";
import { fingerprint } from "../infra/random.ts";
import { readClaims } from "../wire/claims.ts";
import type { RefreshResponse } from "../wire/oauth.ts";
import type { RefreshLedger } from "./refresh-ledger.ts";
import type { TokenEndpoint } from "./token-endpoint.ts";
import type { TokenStore } from "./token-store.ts";
import { accessTokenExpiry } from "./token-expiry.ts";

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

/** Attempts with one token whose outcome is unknown, before it rests (faults of the network). */
const attemptsBeforeRest = 2;

/**
 * Spends a refresh token at most once, among all processes of this machine. Every step that can be
 * undone comes before the request; nothing interrupts between the request and the save.
 */
export class Refresher {
  readonly #deps: RefresherDeps;
  /** A login that was granted but could not be saved: the only copy there is. */
  #unsaved: { spent: string; tokens: TokenSet; error: CodexError } | undefined;
  #closing = false;

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
  }

  /** No refresh starts from now on; one under way goes on to its save. */
  stop(): void {
    this.#closing = true;
  }

  /** Why the present login is only in memory, if it is. */
  get unsavedReason(): CodexError | undefined {
    return this.#unsaved?.error;
  }

  /** The login to use in place of the stored one: the newer one that could not be saved. */
  newest(stored: TokenSet): TokenSet {
    return this.#unsaved?.spent === stored.refreshToken ? this.#unsaved.tokens : stored;
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
    const held = await lock.acquire(waitMs);
    if (!isHeld(held)) {
      const who =
        held.holderPid === undefined
          ? "Another program"
          : `Another window (process ${held.holderPid})`;
      throw new CodexError("TIMEOUT", `${who} is refreshing the login and has not finished.`, {
        next: "Repeat the call; end that process if it hangs.",
      });
    }
    try {
      const current = await this.#stored();
      if (current.refreshToken !== seen.refreshToken && !this.#stale(current, seen, reason)) {
        log("TOKEN", "adopted the login that another process stored");
        return current;
      }
      return await this.#spend(current, held, reason);
    } finally {
      await held.release();
    }
  }

  /** True when the stored login does not help either. */
  #stale(current: TokenSet, seen: TokenSet, reason: RefreshReason): boolean {
    const { clock, limits } = this.#deps;
    if (reason === "rejected") return current.accessToken === seen.accessToken;
    return isExpiring(current, clock.now(), limits.refreshMarginMs);
  }

  async #stored(): Promise<TokenSet> {
    const stored = await this.#deps.store.read();
    if (stored === undefined) throw signedOutMeanwhile();
    assertIssuedFor(stored, this.#deps.origins);
    return this.newest(stored);
  }

  async #spend(current: TokenSet, held: HeldLock, reason: RefreshReason): Promise<TokenSet> {
    const { store, ledger, endpoint, clock, log } = this.#deps;
    const token = fingerprint(current.refreshToken);
    const known = await ledger.find(token);
    if (known?.outcome === "refused") throw loginLost();
    let attempts = known?.attempts ?? 0;
    this.#checkRest(current, attempts, known?.at ?? 0, reason);
    for (;;) {
      if (this.#closing) throw new CodexError("CANCELLED", "The server is ending.");
      await store.rehearse();
      attempts++;
      await ledger.record({ token, outcome: "unknown", attempts, at: clock.now() });
      // Somebody may have removed the lock's folder: then another process may be spending, too.
      if (!(await held.isOwned()))
        throw new CodexError("STORAGE", "The refresh lock was removed while it was held.", {
          next: "Repeat the call.",
        });
      const started = clock.elapsed();
      const outcome = await endpoint.refresh(current.refreshToken);
      log(
        "TOKEN",
        `refresh (${reason}): ${outcome.kind} after ${Math.round(clock.elapsed() - started)} ms`,
      );
      if (outcome.kind === "granted") return this.#save(current, outcome.grant, token);
      if (outcome.kind === "refused") return this.#refused(current, outcome.code, token, attempts);
      if (outcome.kind === "unsent") {
        await ledger.record({ token, outcome: "unknown", attempts: attempts - 1, at: clock.now() });
      }
      const again = outcome.kind === "unknown" && outcome.error.code !== "PROTOCOL";
      if (!again || attempts >= attemptsBeforeRest || this.#usable(current, reason))
        throw outcome.error;
    }
  }

  /** The access token still does its work, so there is no hurry to spend again. */
  #usable(current: TokenSet, reason: RefreshReason): boolean {
    return reason !== "rejected" && !isExpired(current, this.#deps.clock.now());
  }

  /** After attempts that may have spent the token: none while the access token works, then few. */
  #checkRest(current: TokenSet, attempts: number, lastAt: number, reason: RefreshReason): void {
    if (attempts === 0) return;
    const { clock, limits } = this.#deps;
    const rested = clock.now() - lastAt >= limits.refreshCooldownMs;
    if (this.#usable(current, reason) || (attempts >= attemptsBeforeRest && !rested)) {
      throw new CodexError("UPSTREAM", "The last refresh of the login had no clear outcome.", {
        next: `Repeat the call in ${Math.ceil(limits.refreshCooldownMs / 1000)} s.`,
      });
    }
  }

  /** The token is dead, unless the file has got another one meanwhile. */
  async #refused(
    current: TokenSet,
    code: string,
    token: string,
    attempts: number,
  ): Promise<TokenSet> {
    const { ledger, clock } = this.#deps;
    await ledger.record({ token, outcome: "refused", attempts, at: clock.now() });
    const stored = await this.#stored();
    if (stored.refreshToken !== current.refreshToken) return stored;
    throw loginLost(code);
  }

  async #save(spent: TokenSet, grant: RefreshResponse, token: string): Promise<TokenSet> {
    const { store, endpoint, ledger, clock, log } = this.#deps;
    const claims = readClaims(grant.id_token ?? grant.access_token ?? "");
    if (claims.accountId !== undefined && claims.accountId !== spent.accountId) {
      await ledger.record({ token, outcome: "refused", attempts: 1, at: clock.now() });
      throw new CodexError(
        "AUTH_EXPIRED",
        "The refresh answered for another account and was not taken.",
      );
    }
    const next: TokenSet = {
      ...spent,
      accessToken: grant.access_token ?? spent.accessToken,
      refreshToken: grant.refresh_token ?? spent.refreshToken,
      idToken: grant.id_token ?? spent.idToken,
      plan: claims.plan ?? spent.plan,
      email: claims.email ?? spent.email,
      expiresAt:
        grant.access_token === undefined
          ? spent.expiresAt
          : accessTokenExpiry(grant.access_token, grant.expires_in, clock.now()),
    };
    // An authorization server that does not rotate leaves the token good for another time.
    if (next.refreshToken === spent.refreshToken) {
      await ledger.record({ token, outcome: "unknown", attempts: 0, at: clock.now() });
    }
    try {
      const owner = await store.update((stored) =>
        isSameLogin(stored, spent, this.#unsaved?.spent) ? next : undefined,
      );
      if (isSameLogin(owner, spent, this.#unsaved?.spent)) {
        this.#unsaved = undefined;
        return next;
      }
      log(
        "TOKEN",
        "the login was removed or replaced during the refresh; the new token is revoked",
      );
      void endpoint.revoke(next.refreshToken).catch(() => undefined);
      if (owner === undefined) throw signedOutMeanwhile();
      return owner;
    } catch (error) {
      if (!(error instanceof CodexError) || error.code !== "STORAGE") throw error;
      this.#keepInMemory(this.#unsaved?.spent ?? spent.refreshToken, next, error);
      return next;
    }
  }

  /** The login exists only here now: use it, and go on trying to save it. */
  #keepInMemory(spent: string, tokens: TokenSet, error: CodexError): void {
    const { store, clock, limits, log } = this.#deps;
    const unsaved = { spent, tokens, error };
    this.#unsaved = unsaved;
    log("TOKEN", `the refreshed login could not be saved: ${error.message}`);
    const retry = async (): Promise<void> => {
      for (
        let delay = limits.saveRetryMs;
        this.#unsaved === unsaved;
        delay = Math.min(delay * 2, 60_000)
      ) {
        await sleep(clock, delay);
        if (this.#unsaved !== unsaved) return;
        try {
          await store.update((stored) => (stored?.refreshToken === spent ? tokens : undefined));
          this.#unsaved = undefined;
        } catch {
          // Still no room; the next round tries again.
        }
      }
    };
    void retry();
  }

  /** One last attempt to save what is only in memory. */
  async flush(): Promise<void> {
    const unsaved = this.#unsaved;
    if (unsaved === undefined) return;
    await this.#deps.store.update((stored) =>
      stored?.refreshToken === unsaved.spent ? unsaved.tokens : undefined,
    );
  }
}

function isSameLogin(
  stored: TokenSet | undefined,
  spent: TokenSet,
  unsavedSpent: string | undefined,
): boolean {
  return (
    stored?.generation === spent.generation &&
    (stored.refreshToken === spent.refreshToken || stored.refreshToken === unsavedSpent)
  );
}

function signedOutMeanwhile(): CodexError {
  return new CodexError("AUTH_REQUIRED", "This machine was signed out meanwhile.");
}

function loginLost(code?: string): CodexError {
  return new CodexError("AUTH_EXPIRED", "ChatGPT no longer accepts the stored login.", {
    why:
      code === undefined
        ? "Its refresh token was refused before."
        : `Its refresh token was refused (${code.replace(/[^\w.-]/g, "").slice(0, 60)}).`,
  });
}
