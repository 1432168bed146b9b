import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { toCodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { accessTokenExpiry, readClaims } from "../oauth/claims.ts";
import type { RefreshResponse } from "../oauth/oauth-messages.ts";
import { OrphanedTokens } from "../oauth/orphaned-tokens.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import { assertIssuedFor, type Origins, type TokenSet } from "../oauth/token-set.ts";
import { otherAccount, signedOutMeanwhile, withoutAccessToken } from "./refresh-errors.ts";
import type { LedgerEntry } from "./refresh-journal.ts";
import type { LoginStore } from "./token-store.ts";
import type { PendingSave } from "./pending-save.ts";

export interface RefreshSaverDeps {
  origins: Origins;
  store: Pick<LoginStore, "update">;
  endpoint: Pick<TokenEndpoint, "revoke">;
  unsaved: PendingSave;
  clock: Clock;
  limits: Pick<Limits, "revokeTimeoutMs">;
  log: Log;
}

type Note = (outcome: LedgerEntry["outcome"], restMs?: number) => Promise<void>;

/** Brings home what a refresh was granted: into the file, else into memory, or back to the server. */
export class RefreshPersister {
  readonly #deps: RefreshSaverDeps;
  readonly #revocations: OrphanedTokens;

  constructor(deps: RefreshSaverDeps) {
    this.#deps = deps;
    this.#revocations = new OrphanedTokens(deps);
  }

  /** Resolves when what was given up is revoked, or could not be. */
  async settled(): Promise<void> {
    await this.#revocations.settled();
  }

  /**
   * The login that counts from now on.
   *
   * @param usable the spent login's access token still does its work
   * @throws CodexError `AUTH_EXPIRED` (another account), `AUTH_REQUIRED` (removed meanwhile),
   *   `PROTOCOL` (no access token came, and the old one does not work)
   */
  async save(spent: TokenSet, grant: RefreshResponse, note: Note, usable: boolean): Promise<TokenSet> {
    const { store, unsaved, clock, log } = this.#deps;
    const next = mergeTokens(spent, grant, clock.now());
    if (next === undefined) {
      await note("refused");
      throw otherAccount();
    }
    let replaced = false as boolean; // the compiler does not see the callback run
    let stored: TokenSet | undefined;
    try {
      stored = await store.update((found, damaged) => {
        // Whatever damaged the file has signed nobody out.
        replaced = !damaged && !isSameLogin(found && unsaved.newest(found), spent);
        return replaced ? undefined : next;
      });
      if (!replaced) unsaved.forget();
    } catch (error) {
      const reasonKept = toCodexError(error);
      log("TOKEN", `the refreshed login could not be saved: ${reasonKept.message}`);
      unsaved.keep(spent.refreshToken, next, reasonKept);
    }
    if (replaced) return this.#giveUp(next, stored);
    if (next.refreshToken === spent.refreshToken) await note("unknown");
    else if (unsaved.reason !== undefined) await note("granted");
    if (grant.access_token === undefined && !usable) throw withoutAccessToken();
    return next;
  }

  /** The login was removed or replaced during the refresh: its successor must not come back. */
  #giveUp(successor: TokenSet, stored: TokenSet | undefined): TokenSet {
    const { origins, log } = this.#deps;
    log("TOKEN", "the login was removed or replaced during the refresh");
    // A token of the stored login's own family must live: revoking one ends them all.
    if (stored?.generation !== successor.generation) this.#revocations.revoke(successor.refreshToken);
    if (stored === undefined) throw signedOutMeanwhile();
    assertIssuedFor(stored, origins);
    return stored;
  }
}

function isSameLogin(stored: TokenSet | undefined, spent: TokenSet): boolean {
  return stored?.generation === spent.generation && stored.refreshToken === spent.refreshToken;
}

/**
 * The login after a refresh: what the answer lacks keeps its old value (docs/wire.md §4). Undefined
 * when the answer is for another account.
 */
function mergeTokens(spent: TokenSet, grant: RefreshResponse, now: number): TokenSet | undefined {
  const identity = readClaims(grant.id_token ?? "");
  const access = readClaims(grant.access_token ?? "");
  const accountId = identity.accountId ?? access.accountId;
  if (accountId !== undefined && accountId !== spent.accountId) return undefined;
  return {
    ...spent,
    accessToken: grant.access_token ?? spent.accessToken,
    refreshToken: grant.refresh_token ?? spent.refreshToken,
    idToken: grant.id_token ?? spent.idToken,
    plan: identity.plan ?? access.plan ?? spent.plan,
    email: identity.email ?? access.email ?? spent.email,
    expiresAt:
      grant.access_token === undefined ? spent.expiresAt : accessTokenExpiry(grant.access_token, grant.expires_in, now),
  };
}
