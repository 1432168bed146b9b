import type { CredentialKind } from "../../shared/credential-kind.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { raceSignal } from "../../platform/promises.ts";
import { fingerprint } from "../../platform/random.ts";
import { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { act, retry, signIn } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { accessTokenExpiry, readIdentity } from "../oauth/claims.ts";
import type { CodeExchangeResponse } from "../oauth/oauth-messages.ts";
import type { OrphanedTokens } from "../oauth/orphaned-tokens.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import { assertIssuedFor, isExpired, isExpiring, type Origins, type TokenSet } from "../oauth/token-set.ts";
import { errorOf, type RefreshClaims } from "./refresh-claim.ts";
import type { RefreshCoordinator } from "./refresh-coordinator.ts";
import { SignOut, type SignedOut, type RevokeOptions } from "./sign-out.ts";
import type { TokenRefresher } from "./token-refresher.ts";
import type { LoginStore } from "./token-store.ts";

/** An access token that the API refuses so soon after its refresh would be refused after the next one, too. */
const justIssuedMs = 60_000;

interface TokenManagerDeps {
  origins: Origins;
  store: LoginStore;
  claims: RefreshClaims;
  coordinator: RefreshCoordinator;
  refresher: Pick<TokenRefresher, "settled">;
  endpoint: Pick<TokenEndpoint, "revoke">;
  orphanedTokens: Pick<OrphanedTokens, "settled">;
  /** How far this machine's clock is ahead of the servers' (ms); undefined if unknown. */
  clockAheadMs: () => number | undefined;
  clock: Clock;
  limits: Limits;
  log: Log;
  redactor: Redactor;
}

/** The stored login for a report. */
interface LoginState {
  tokens: TokenSet | undefined;
  /** The file exists, but can't be parsed. */
  damaged: boolean;
  /** The login is encrypted in the file. */
  encrypted: boolean;
  /** Why a refreshed login could not be saved yet, if so. */
  unsaved: CodexError | undefined;
}

/** Reads the login of this machine, refreshes it in time, and shares it between any number of processes. */
export class TokenManager {
  readonly #deps: TokenManagerDeps;
  readonly #signOut: SignOut;
  #refreshing: { urgent: boolean; done: Promise<TokenSet> } | undefined;
  /** The last refreshed access token, and when it came, in `Clock.elapsed` time. */
  #issued: { accessToken: string; at: number } | undefined;

  constructor(deps: TokenManagerDeps) {
    this.#deps = deps;
    this.#signOut = new SignOut(deps);
  }

  /**
   * Tokens to use now. Expired ones are refreshed first. Those that expire within five minutes are refreshed for the next
   * call, without a wait. Concurrent calls share one refresh, also across processes; the signal ends the wait, never the
   * refresh.
   *
   * @throws CodexError `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, or why a needed refresh failed.
   */
  async getTokens(signal: AbortSignal): Promise<TokenSet> {
    const { clock, limits, log } = this.#deps;
    const tokens = await this.#stored();
    if (!isExpiring(tokens, clock.now(), limits.refreshMarginMs) || this.#isJustIssued(tokens)) return tokens;
    if (isExpired(tokens, clock.now())) return raceSignal(this.#refresh(tokens, true), signal);
    this.#refresh(tokens, false).catch((error: unknown) => {
      log("TOKEN", `using the present token, which has a few minutes left: ${String(error)}`);
    });
    return tokens;
  }

  /**
   * Other tokens after the API refused these (HTTP 401): another process's newer ones, else refreshed ones.
   *
   * @throws as `getTokens`; `AUTH_EXPIRED` if these came from a refresh just now, and had expired already
   */
  async replaceRejected(rejected: Pick<TokenSet, "accessToken">, signal: AbortSignal): Promise<TokenSet> {
    const stored = await this.#stored();
    if (stored.accessToken !== rejected.accessToken) return this.getTokens(signal);
    // Tokens that come expired: the clock is wrong here or there, and a refresh gives the same again.
    if (isExpired(stored, this.#deps.clock.now()) && this.#isJustIssued(stored)) {
      throw justIssuedRefused(this.#deps.clockAheadMs());
    }
    return raceSignal(this.#refresh(stored, true), signal);
  }

  /** The stored login, without changing it and without the network. */
  async state(): Promise<LoginState> {
    const { store, claims } = this.#deps;
    const { tokens, damaged, encrypted = false } = await store.peek();
    const claim = tokens && (await claims.newest(fingerprint(tokens.refreshToken)));
    const isUnsaved = claim?.outcome === "granted" && claim.error !== undefined && claim.life !== "dead";
    return { tokens, damaged, encrypted, unsaved: isUnsaved ? errorOf(claim) : undefined };
  }

  /** Whether the stored login is for the same account, and not set aside. */
  async isStored({ accountId }: TokenSet): Promise<boolean> {
    const stored = await this.#deps.store.peek().catch(() => undefined);
    return stored?.choice === undefined && stored?.tokens?.accountId === accountId;
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
    const { coordinator, refresher, orphanedTokens } = this.#deps;
    coordinator.stop();
    this.#signOut.stop();
    await this.#refreshing?.done.catch(() => undefined);
    await Promise.all([refresher.settled(), orphanedTokens.settled(), this.#signOut.settled()]);
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

  #refresh(tokens: TokenSet, urgent: boolean): Promise<TokenSet> {
    const running = this.#refreshing;
    if (running !== undefined && running.urgent === urgent) return running.done;
    // One that is not urgent gives way to other processes, so a caller that must have new tokens needs its own after it.
    const previous = running?.done.catch(() => undefined) ?? Promise.resolve();
    const { coordinator, clock, redactor } = this.#deps;
    const done = previous
      .then(() => coordinator.refresh(tokens, urgent))
      .then((next) => {
        redactor.addSecrets(next.accessToken, next.refreshToken, next.idToken);
        this.#issued = { accessToken: next.accessToken, at: clock.elapsed() };
        return next;
      });
    const entry = { urgent, done };
    this.#refreshing = entry;
    const forget = (): void => {
      if (this.#refreshing === entry) this.#refreshing = undefined;
    };
    done.then(forget, forget);
    return done;
  }

  /** Whether this process had these tokens from a refresh just now: another one would give no better ones. */
  #isJustIssued({ accessToken }: Pick<TokenSet, "accessToken">): boolean {
    const issued = this.#issued;
    return issued?.accessToken === accessToken && this.#deps.clock.elapsed() - issued.at < justIssuedMs;
  }
}

/**
 * The API refuses what a refresh has just issued.
 *
 * @param clockAheadMs how far this machine's clock is ahead of the server's; negative if it is behind
 */
function justIssuedRefused(clockAheadMs = 0): CodexError {
  const minutes = Math.round(Math.abs(clockAheadMs) / 60_000);
  const skewed = minutes >= 2;
  return new CodexError("AUTH_EXPIRED", "The service refuses the login that it has just renewed.", {
    why: skewed
      ? `This machine's clock is ${minutes} minutes ${clockAheadMs > 0 ? "ahead of" : "behind"} the server's.`
      : undefined,
    next: skewed ? [act("Correct this machine's clock"), retry] : undefined,
  });
}

/** @param damagedPath the new path of a damaged auth file, if it was moved */
function notSignedIn(damagedPath: string | undefined): CodexError {
  if (damagedPath === undefined) return new CodexError("AUTH_REQUIRED", "Nobody is signed in to ChatGPT here.");
  return new CodexError("AUTH_REQUIRED", "Nobody is signed in to ChatGPT here: the login file was damaged.", {
    why: `It was set aside as ${damagedPath}.`,
  });
}
