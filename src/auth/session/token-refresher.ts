import { sleep, type Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { fingerprint } from "../../platform/random.ts";
import type { CodexError } from "../../shared/errors.ts";
import { toCodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { OrphanedTokens } from "../oauth/orphaned-tokens.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import { assertIssuedFor, mergeTokens, type Origins, type TokenSet } from "../oauth/token-set.ts";
import { decide, toClaimError, type ClaimRecord, type RefreshClaims } from "./refresh-claim.ts";
import {
  accountMismatch,
  missingAccessToken,
  refreshOvertaken,
  refreshTokenRevoked,
  signedOutMeanwhile,
} from "./refresh-errors.ts";
import type { LoginStore, PreparedSave } from "./token-store.ts";

/** A claim not used within this time is withdrawn: its owner was suspended, and others may have given up on it. */
const sendWithinMs = 16_000;

/** The longest pause between two attempts to save. */
const maxSaveRetryMs = 5_000;

/** When the file is read once more after a save: a program that wrote it without the lock may have put back its copy. */
const checkAfterMs = 500;

export interface TokenRefresherDeps {
  origins: Origins;
  store: LoginStore;
  claims: RefreshClaims;
  endpoint: Pick<TokenEndpoint, "refresh">;
  orphanedTokens: Pick<OrphanedTokens, "revoke">;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/** The login of this process's origins. @throws CodexError `AUTH_REQUIRED` if it was removed or replaced; `STORAGE` */
export async function readLogin({ origins, store }: Pick<TokenRefresherDeps, "origins" | "store">): Promise<TokenSet> {
  const stored = await store.read();
  if (stored === undefined) throw signedOutMeanwhile();
  assertIssuedFor(stored, origins);
  return stored;
}

/** Why a refresh happens, in a word: "urgent" if the access token can't be used any more, "early" before its end. */
export function urgency(urgent: boolean): "urgent" | "early" {
  return urgent ? "urgent" : "early";
}

/**
 * Uses a refresh token, at most once, and saves its successor: in the refresh process, or in this one. Every step that
 * can be undone comes before the request; nothing interrupts between the request and the save. See docs/internals.md.
 */
export class TokenRefresher {
  readonly #deps: TokenRefresherDeps;
  #running: Promise<unknown> = Promise.resolve();
  #checking: Promise<void> = Promise.resolve();

  constructor(deps: TokenRefresherDeps) {
    this.#deps = deps;
  }

  /**
   * Refreshes the stored login, unless it has another access token than the caller knows, or another process has
   * claimed its refresh. The outcome is in the file or in the claim.
   *
   * @param accessToken fingerprint of the access token to replace
   * @param urgent it can't be used any more
   * @param stopping no request begins once it is aborted, and a save is tried only once more
   * @throws CodexError why nothing was sent; `STORAGE` if the outcome could not be written
   */
  run(accessToken: string, urgent: boolean, stopping: AbortSignal): Promise<void> {
    const run = this.#run(accessToken, urgent, stopping);
    this.#running = Promise.allSettled([this.#running, run]);
    return run;
  }

  /** Resolves when every refresh has ended, and no save has to be checked any more. */
  async settled(): Promise<void> {
    await this.#running;
    await this.#checking;
  }

  async #run(accessToken: string, urgent: boolean, stopping: AbortSignal): Promise<void> {
    const { store, claims, clock, limits } = this.#deps;
    const current = await readLogin(this.#deps);
    if (fingerprint(current.accessToken) !== accessToken) return;
    const token = fingerprint(current.refreshToken);
    const prepared = await store.prepare();
    try {
      const last = await claims.newest(token);
      const decision = decide(last, { accessToken, now: clock.now(), urgent }, limits);
      if (decision.kind !== "free") return;
      stopping.throwIfAborted();
      const number = (last?.number ?? 0) + 1;
      const { attempts } = decision;
      const claimedAt = { now: clock.now(), elapsed: clock.elapsed() };
      if (!(await claims.create(token, number, { accessToken, attempts, at: claimedAt.now }))) return;
      const isLate = (): boolean =>
        clock.elapsed() - claimedAt.elapsed > sendWithinMs || Math.abs(clock.now() - claimedAt.now) > sendWithinMs;
      const refresh = { current, token, number, prepared, urgent, stopping, isLate };
      if (await this.#maySend(refresh)) await this.#send(refresh);
      else await claims.remove(token, number);
    } finally {
      await prepared.discard();
    }
  }

  /** Whether the login is still the one to refresh: this process may have been suspended before its claim. */
  async #maySend({ current, token, number, isLate }: Refresh): Promise<boolean> {
    try {
      const again = await readLogin(this.#deps);
      if (again.accessToken !== current.accessToken || again.refreshToken !== current.refreshToken) return false;
      return !isLate() && (await this.#deps.claims.isNewest(token, number));
    } catch (error) {
      await this.#deps.claims.remove(token, number);
      throw error;
    }
  }

  async #send(refresh: Refresh): Promise<void> {
    const { claims, endpoint, clock, log } = this.#deps;
    const { current, token, number, urgent, isLate } = refresh;
    const end = (outcome: ClaimRecord["outcome"], error?: CodexError): Promise<void> =>
      claims.update(token, number, { outcome, error: error && toClaimError(error), at: clock.now() });
    const started = clock.elapsed();
    let overtaken = false as boolean; // the compiler does not see the callback run
    const outcome = await endpoint.refresh(current.refreshToken, () => {
      // The last look, with a connection at hand: connecting takes time.
      overtaken = isLate() || claims.isNewest(token, number) === false;
      if (overtaken) throw refreshOvertaken();
    });
    log("TOKEN", `refresh (${urgency(urgent)}): ${outcome.kind} after ${Math.round(clock.elapsed() - started)} ms`);
    switch (outcome.kind) {
      case "granted": {
        const next = mergeTokens(current, outcome.grant, clock.now());
        if (next === undefined) return end("refused", accountMismatch());
        if (next.accessToken === current.accessToken && next.refreshToken === current.refreshToken) {
          return end("unknown", missingAccessToken());
        }
        await end("granted").catch((error: unknown) => {
          log("TOKEN", `the refresh could not be noted: ${String(error)}`);
        });
        await this.#save(next, refresh, (error) => end("granted", error).catch(() => undefined));
        // From now on it says that the token is dead, in case it comes back; one that did not rotate is free.
        if (next.refreshToken === current.refreshToken) await claims.remove(token, number);
        else await end("refused").catch(() => undefined);
        await claims.sweep(token, number);
        this.#checking = this.#check(next, refresh).catch(() => undefined); // the save itself has succeeded
        return;
      }
      case "refused":
        return end("refused", refreshTokenRevoked(outcome.code));
      case "unsent":
      case "unknown":
        return overtaken ? claims.remove(token, number) : end(outcome.kind, outcome.error);
    }
  }

  /** Saves the only copy of a login, and tries so for minutes. */
  async #save(next: TokenSet, refresh: Refresh, noteFailure: (error: CodexError) => Promise<void>): Promise<void> {
    const { clock, limits, log } = this.#deps;
    const { current, stopping, prepared } = refresh;
    const until = clock.elapsed() + limits.refreshSaveMs;
    for (let delayMs = limits.saveRetryMs; ; delayMs = Math.min(delayMs * 2, maxSaveRetryMs)) {
      const last = stopping.aborted || clock.elapsed() > until;
      try {
        await this.#compareAndSwap(next, current, prepared);
        return;
      } catch (thrown) {
        const error = toCodexError(thrown);
        log("TOKEN", `the refreshed login could not be saved: ${error.message}`);
        if (last) throw error;
        await noteFailure(error);
        await sleep(clock, delayMs, stopping).catch(() => undefined);
      }
    }
  }

  /** Replaces the spent login by its successor, or revokes the successor if somebody signed in or out meanwhile. */
  async #compareAndSwap(next: TokenSet, spent: TokenSet, prepared?: PreparedSave): Promise<void> {
    const { store, orphanedTokens, log } = this.#deps;
    let replaced = false as boolean; // the compiler does not see the callback run
    const stored = await store.update((found, damaged) => {
      // A damaged file is no sign-out.
      replaced = !damaged && !isSameLogin(found, spent);
      return replaced ? undefined : next;
    }, prepared);
    if (!replaced) return;
    log("TOKEN", "the login was removed or replaced during the refresh");
    // Revoking one token ends its whole family, so the stored login's own must live.
    if (stored?.generation !== next.generation) orphanedTokens.revoke(next.refreshToken);
  }

  /** Saves again if the spent login is back. */
  async #check(next: TokenSet, { current, stopping }: Refresh): Promise<void> {
    const { store, clock } = this.#deps;
    if (next.refreshToken === current.refreshToken) return;
    await sleep(clock, checkAfterMs, stopping);
    if (isSameLogin(await store.read(), current)) await this.#compareAndSwap(next, current);
  }
}

/** A refresh whose token this process has claimed. */
interface Refresh {
  current: TokenSet;
  /** Fingerprint of its refresh token. */
  token: string;
  /** The claim's number. */
  number: number;
  prepared: PreparedSave;
  urgent: boolean;
  stopping: AbortSignal;
  /** Whether too much time has passed since the claim. */
  isLate: () => boolean;
}

function isSameLogin(stored: TokenSet | undefined, login: TokenSet): boolean {
  return stored?.generation === login.generation && stored.refreshToken === login.refreshToken;
}
