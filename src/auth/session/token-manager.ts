import type { CredentialKind, ExternalKind } from "../../api/credential.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, signIn } from "../../shared/next-step.ts";
import type { Limits } from "../../shared/limits.ts";
import { assertIssuedFor, isExpired, isExpiring, type Origins, type TokenSet } from "../oauth/token-set.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { raceSignal } from "../../platform/promises.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { accessTokenExpiry, readClaims } from "../oauth/claims.ts";
import type { CodeExchangeResponse } from "../oauth/oauth-messages.ts";
import { notSignedIn } from "./refresh-errors.ts";
import type { RefreshCoordinator, RefreshReason } from "./refresh-coordinator.ts";
import { SignOut, type SignedOut, type SignOutOptions } from "./sign-out.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import type { LoginStore } from "./token-store.ts";

export interface TokenManagerDeps {
  origins: Origins;
  store: LoginStore;
  refresher: RefreshCoordinator;
  endpoint: Pick<TokenEndpoint, "revoke">;
  redactor: Redactor;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/** The stored login as a report shows it. */
export interface LoginState {
  tokens: TokenSet | undefined;
  /** The file is there but cannot be read as one of ours. */
  damaged: boolean;
  /** Why the login is only in this process's memory, if it is. */
  unsaved: CodexError | undefined;
}

/** The login of this machine: read, refreshed in time, shared by any number of processes. */
export class TokenManager {
  readonly #deps: TokenManagerDeps;
  readonly #signOut: SignOut;
  #refreshing: { reason: RefreshReason; done: Promise<TokenSet> } | undefined;

  constructor(deps: TokenManagerDeps) {
    this.#deps = deps;
    this.#signOut = new SignOut({ ...deps, newest: (stored) => deps.refresher.newest(stored) });
  }

  /**
   * Tokens that work now, refreshed first inside the last five minutes. Calls that overlap share
   * one refresh, also across processes; the signal ends the waiting, never the refresh.
   *
   * @throws CodexError `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, or why a needed refresh failed.
   */
  async getTokens(signal: AbortSignal): Promise<TokenSet> {
    const { clock, limits, refresher, log } = this.#deps;
    const tokens = refresher.newest(await this.#stored());
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
   * Other tokens after the API refused these (HTTP 401): what another process stored meanwhile,
   * else one refresh.
   *
   * @throws as `getTokens`
   */
  async replaceRejected(rejected: Pick<TokenSet, "accessToken">, signal: AbortSignal): Promise<TokenSet> {
    const stored = this.#deps.refresher.newest(await this.#stored());
    if (stored.accessToken !== rejected.accessToken) return this.getTokens(signal);
    return raceSignal(this.#refresh(stored, "rejected"), signal);
  }

  /** What is stored, without any change to it and without the network. */
  async state(): Promise<LoginState> {
    const { store, refresher } = this.#deps;
    const { tokens, damaged } = await store.peek();
    return {
      tokens: tokens === undefined ? undefined : refresher.newest(tokens),
      damaged,
      unsaved: tokens === undefined ? undefined : refresher.unsavedReason,
    };
  }

  /** Whether this login, refreshed meanwhile or not, is the one that is stored. */
  async isStored({ accountId }: TokenSet): Promise<boolean> {
    const { tokens } = await this.state().catch(() => ({ tokens: undefined }));
    return tokens?.accountId === accountId;
  }

  /** Why the login in use is only in this process's memory, if it is. */
  get unsavedReason(): CodexError | undefined {
    return this.#deps.refresher.unsavedReason;
  }

  /**
   * Store the tokens of a finished sign-in, whoever was signed in before.
   *
   * @throws CodexError `AUTH_DENIED` when they name no account, `STORAGE`.
   */
  async saveLogin(grant: CodeExchangeResponse): Promise<TokenSet> {
    const { origins, store, clock, redactor, log } = this.#deps;
    const identity = readClaims(grant.id_token);
    const access = readClaims(grant.access_token);
    const accountId = identity.accountId ?? access.accountId;
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
      email: identity.email ?? access.email,
      plan: identity.plan ?? access.plan,
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

  /** How requests are authorized here: what is stored, without any change; undefined: nothing is. */
  async preferredKind(): Promise<CredentialKind | undefined> {
    const { tokens, choice } = await this.#deps.store.peek();
    return tokens === undefined ? choice?.mode : "chatgpt";
  }

  /**
   * Revoke the login at the server, at best effort and within five seconds, and remove it here; a
   * choice of another way is forgotten.
   *
   * @throws CodexError `STORAGE` when it could not be removed.
   */
  signOut(options: Omit<SignOutOptions, "choose">): Promise<SignedOut> {
    return this.#signOut.run(options);
  }

  /** Sign out, and store the choice of another way in the login's place. @throws as `signOut` */
  async select(kind: ExternalKind, options: Omit<SignOutOptions, "choose"> = { localOnly: false }): Promise<SignedOut> {
    const signedOut = await this.#signOut.run({ ...options, select: kind });
    this.#deps.log("TOKEN", `chose ${kind}`);
    return signedOut;
  }

  /** No refresh begins from now on; resolves when one under way is saved. */
  async stop(): Promise<void> {
    this.#deps.refresher.stop();
    await this.#refreshing?.done.catch(() => undefined);
    await this.#deps.refresher.settle().catch(() => undefined);
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
    // A waiting caller needs more than a refresh that gives way to other processes, so it follows it.
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
