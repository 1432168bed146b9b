import type { CredentialKind } from "../../shared/credential-kind.ts";
import { raceSignal } from "../../platform/promises.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, signIn } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { accessTokenExpiry, readIdentity } from "../oauth/claims.ts";
import type { CodeExchangeResponse } from "../oauth/oauth-messages.ts";
import type { OrphanedTokens } from "../oauth/orphaned-tokens.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import { assertIssuedFor, isExpired, isExpiring, type TokenSet } from "../oauth/token-set.ts";
import type { RefreshContext, RefreshCoordinator, RefreshReason } from "./refresh-coordinator.ts";
import { notSignedIn } from "./refresh-errors.ts";
import { SignOut, type SignedOut, type RevokeOptions } from "./sign-out.ts";

interface TokenManagerDeps extends RefreshContext {
  refresher: RefreshCoordinator;
  endpoint: Pick<TokenEndpoint, "revoke">;
  orphanedTokens: Pick<OrphanedTokens, "settled">;
  redactor: Redactor;
}

/** The stored login for a report. */
interface LoginState {
  tokens: TokenSet | undefined;
  /** The file exists, but can't be parsed. */
  damaged: boolean;
  /** Why the login is only in this process's memory, if it is. */
  unsaved: CodexError | undefined;
}

/** Reads the login of this machine, refreshes it in time, and shares it between any number of processes. */
export class TokenManager {
  readonly #deps: TokenManagerDeps;
  readonly #signOut: SignOut;
  #refreshing: { reason: RefreshReason; done: Promise<TokenSet> } | undefined;

  constructor(deps: TokenManagerDeps) {
    this.#deps = deps;
    this.#signOut = new SignOut(deps);
  }

  /**
   * Valid tokens, refreshed first if they expire within five minutes. Concurrent calls share one refresh, also across
   * processes; the signal ends the wait, never the refresh.
   *
   * @throws CodexError `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, or why a needed refresh failed.
   */
  async getTokens(signal: AbortSignal): Promise<TokenSet> {
    const { clock, limits, pendingSave, log } = this.#deps;
    const tokens = pendingSave.newest(await this.#stored());
    if (!isExpiring(tokens, clock.now(), limits.refreshMarginMs)) return tokens;
    if (isExpired(tokens, clock.now())) return raceSignal(this.#refresh(tokens, "expired"), signal);
    try {
      return await raceSignal(this.#refresh(tokens, "proactive"), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CodexError && error.code === "AUTH_REQUIRED") throw error;
      log("TOKEN", `using the present token, which has a few minutes left: ${String(error)}`);
      return tokens;
    }
  }

  /**
   * Other tokens after the API refused these (HTTP 401): another process's newer ones, else refreshed ones.
   *
   * @throws as `getTokens`
   */
  async replaceRejected(rejected: Pick<TokenSet, "accessToken">, signal: AbortSignal): Promise<TokenSet> {
    const stored = this.#deps.pendingSave.newest(await this.#stored());
    if (stored.accessToken !== rejected.accessToken) return this.getTokens(signal);
    return raceSignal(this.#refresh(stored, "rejected"), signal);
  }

  /** The stored login, without changing it and without the network. */
  async state(): Promise<LoginState> {
    const { store, pendingSave } = this.#deps;
    const { tokens, damaged } = await store.peek();
    return { tokens: tokens && pendingSave.newest(tokens), damaged, unsaved: tokens && pendingSave.reason };
  }

  /** Whether the stored login is for the same account, and not set aside. */
  async isStored({ accountId }: TokenSet): Promise<boolean> {
    const stored = await this.#deps.store.peek().catch(() => undefined);
    return stored?.choice === undefined && stored?.tokens?.accountId === accountId;
  }

  /** Why the login in use is only in this process's memory, if it is. */
  get unsavedReason(): CodexError | undefined {
    return this.#deps.pendingSave.reason;
  }

  /**
   * Stores the tokens of a finished sign-in in place of any earlier login.
   *
   * @throws CodexError `AUTH_DENIED` if they name no account, `STORAGE`.
   */
  async saveLogin(grant: CodeExchangeResponse): Promise<TokenSet> {
    const { origins, store, clock, redactor, log } = this.#deps;
    const { accountId, email, plan } = readIdentity(grant.id_token, grant.access_token);
    if (accountId === undefined) {
      throw new CodexError("AUTH_DENIED", "The sign-in gave no ChatGPT account.", {
        why: "The ID token has no account id.",
        next: [signIn, act("Approve with an account that has a ChatGPT plan")],
      });
    }
    const now = clock.now();
    const login = {
      ...origins,
      accessToken: grant.access_token,
      refreshToken: grant.refresh_token,
      idToken: grant.id_token,
      accountId,
      email,
      plan,
      expiresAt: accessTokenExpiry(grant.access_token, grant.expires_in, now),
    };
    redactor.addPerson(login);
    let generation = now;
    await store.update((stored, _, choice) => {
      generation = Math.max(now, ((stored ?? choice)?.generation ?? 0) + 1);
      return { ...login, generation };
    });
    log("TOKEN", "saved a new login");
    return { ...login, generation };
  }

  /** The stored kind of credential, without changing the file; undefined if nothing is stored. */
  async preferredKind(): Promise<CredentialKind | undefined> {
    const { tokens, choice } = await this.#deps.store.peek();
    return choice?.kind ?? (tokens && "chatgpt");
  }

  /**
   * Revokes the login at best effort and within five seconds, then removes it; also removes a stored choice.
   *
   * @throws CodexError `STORAGE` if it could not be removed.
   */
  signOut(options: RevokeOptions): Promise<SignedOut> {
    return this.#signOut.run(options);
  }

  /**
   * Stores the choice of this kind. A login is set aside; the choice of `chatgpt` takes it up again.
   *
   * @throws CodexError `STORAGE`
   */
  async select(kind: CredentialKind): Promise<void> {
    const { store, clock, log } = this.#deps;
    await store.update((stored, _, choice) => {
      if (kind === "chatgpt" && (stored === undefined || choice === undefined)) return undefined;
      // The login keeps its generation, so that a refresh that runs elsewhere can save.
      return { kind, generation: stored?.generation ?? Math.max(clock.now(), (choice?.generation ?? 0) + 1) };
    });
    log("TOKEN", `chose ${kind}`);
  }

  /** Starts no more refreshes; resolves when a running one is saved and orphaned tokens are revoked. */
  async stop(): Promise<void> {
    const { refresher, pendingSave, orphanedTokens } = this.#deps;
    refresher.stop();
    await this.#refreshing?.done.catch(() => undefined);
    await Promise.all([pendingSave.stop(), orphanedTokens.settled()]).catch(() => undefined);
  }

  async #stored(): Promise<TokenSet> {
    const { store, origins, redactor } = this.#deps;
    const stored = await store.read();
    if (stored === undefined) throw notSignedIn(store.setAside);
    redactor.addSecrets(stored.accessToken, stored.refreshToken, stored.idToken);
    redactor.addPerson(stored);
    assertIssuedFor(stored, origins);
    return stored;
  }

  #refresh(tokens: TokenSet, reason: RefreshReason): Promise<TokenSet> {
    const running = this.#refreshing;
    if (running?.reason === reason) return running.done;
    // A proactive refresh gives way to other processes, so a caller that must have new tokens needs its own after it.
    const previous = running?.done.catch(() => undefined) ?? Promise.resolve();
    const { refresher, redactor } = this.#deps;
    const done = previous
      .then(() => refresher.refresh(tokens, reason))
      .then((next) => {
        redactor.addSecrets(next.accessToken, next.refreshToken, next.idToken);
        return next;
      });
    const entry = { reason, done };
    this.#refreshing = entry;
    const forget = (): void => {
      if (this.#refreshing === entry) this.#refreshing = undefined;
    };
    done.then(forget, forget);
    return done;
  }
}
