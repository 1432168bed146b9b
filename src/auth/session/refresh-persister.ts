import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { toCodexError } from "../../shared/errors.ts";
import { accessTokenExpiry, readIdentity } from "../oauth/claims.ts";
import type { RefreshResponse } from "../oauth/oauth-messages.ts";
import type { OrphanedTokens } from "../oauth/orphaned-tokens.ts";
import { assertIssuedFor, type Origins, type TokenSet } from "../oauth/token-set.ts";
import type { PendingSave } from "./pending-save.ts";
import { accountMismatch, missingAccessToken, signedOutMeanwhile } from "./refresh-errors.ts";
import type { JournalEntry } from "./refresh-journal.ts";
import type { LoginStore } from "./token-store.ts";

interface RefreshPersisterDeps {
  origins: Origins;
  store: Pick<LoginStore, "update">;
  orphanedTokens: Pick<OrphanedTokens, "revoke">;
  pendingSave: PendingSave;
  clock: Clock;
  log: Log;
}

/** Persists refreshed tokens in the store, else in memory, or revokes them if the login was replaced. */
export class RefreshPersister {
  readonly #deps: RefreshPersisterDeps;

  constructor(deps: RefreshPersisterDeps) {
    this.#deps = deps;
  }

  /**
   * The login that counts from now on.
   *
   * @param record writes an outcome to the journal
   * @param accessTokenValid the previous access token can still be used
   * @throws CodexError `AUTH_EXPIRED` (another account), `AUTH_REQUIRED` (removed meanwhile), `PROTOCOL` (no access
   *   token came, and the old one is no longer valid)
   */
  async save(
    previous: TokenSet,
    grant: RefreshResponse,
    record: (outcome: JournalEntry["outcome"]) => Promise<void>,
    accessTokenValid: boolean,
  ): Promise<TokenSet> {
    const { store, pendingSave, clock, log } = this.#deps;
    const next = mergeTokens(previous, grant, clock.now());
    if (next === undefined) {
      await record("refused");
      throw accountMismatch();
    }
    let replaced = false as boolean; // the compiler does not see the callback run
    let stored: TokenSet | undefined;
    try {
      stored = await store.update((found, damaged) => {
        // A damaged file is no sign-out.
        replaced = !damaged && !isSameLogin(found && pendingSave.newest(found), previous);
        return replaced ? undefined : next;
      });
      if (!replaced) pendingSave.forget();
    } catch (thrown) {
      const error = toCodexError(thrown);
      log("TOKEN", `the refreshed login could not be saved: ${error.message}`);
      pendingSave.keep(previous.refreshToken, next, error);
    }
    if (replaced) return this.#discard(next, stored);
    if (next.refreshToken === previous.refreshToken) await record("unknown");
    else if (pendingSave.reason !== undefined) await record("granted");
    if (grant.access_token === undefined && !accessTokenValid) throw missingAccessToken();
    return next;
  }

  /** The login was removed or replaced during the refresh: its successor must not come back. */
  #discard(successor: TokenSet, stored: TokenSet | undefined): TokenSet {
    const { origins, orphanedTokens, log } = this.#deps;
    log("TOKEN", "the login was removed or replaced during the refresh");
    // Revoking one token ends its whole family, so the stored login's own must live.
    if (stored?.generation !== successor.generation) orphanedTokens.revoke(successor.refreshToken);
    if (stored === undefined) throw signedOutMeanwhile();
    assertIssuedFor(stored, origins);
    return stored;
  }
}

function isSameLogin(stored: TokenSet | undefined, previous: TokenSet): boolean {
  return stored?.generation === previous.generation && stored.refreshToken === previous.refreshToken;
}

/** The refreshed login: a missing field keeps its old value (docs/wire.md §4). Undefined for another account. */
function mergeTokens(previous: TokenSet, grant: RefreshResponse, now: number): TokenSet | undefined {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, expires_in: expiresIn } = grant;
  const { accountId, plan, email } = readIdentity(idToken, accessToken);
  if (accountId !== undefined && accountId !== previous.accountId) return undefined;
  return {
    ...previous,
    accessToken: accessToken ?? previous.accessToken,
    refreshToken: refreshToken ?? previous.refreshToken,
    idToken: idToken ?? previous.idToken,
    plan: plan ?? previous.plan,
    email: email ?? previous.email,
    expiresAt: accessToken === undefined ? previous.expiresAt : accessTokenExpiry(accessToken, expiresIn, now),
  };
}
