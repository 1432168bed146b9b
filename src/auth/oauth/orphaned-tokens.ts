import type { Clock, Timer } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { RefreshResponse } from "./oauth-messages.ts";
import type { TokenEndpoint } from "./token-endpoint.ts";

interface OrphanedTokensDeps {
  endpoint: Pick<TokenEndpoint, "revoke">;
  clock: Clock;
  limits: Pick<Limits, "revokeTimeoutMs">;
  log: Log;
}

/** Calls `abort` with a `TIMEOUT` after `revokeTimeoutMs`. */
export function revocationTimer(
  { clock, limits }: Pick<OrphanedTokensDeps, "clock" | "limits">,
  abort: (reason: CodexError) => void,
): Timer {
  return clock.timer(limits.revokeTimeoutMs, () => {
    abort(new CodexError("TIMEOUT", "The server did not answer in time."));
  });
}

/** Revokes orphaned tokens in the background, at best effort; only shutdown waits. */
export class OrphanedTokens {
  readonly #deps: OrphanedTokensDeps;
  readonly #running = new Set<Promise<void>>();

  constructor(deps: OrphanedTokensDeps) {
    this.#deps = deps;
  }

  /** Resolves when every revocation has ended, also in failure. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Revokes a refresh token, within `revokeTimeoutMs`. */
  revoke(refreshToken: string): void {
    this.#run(this.#revoke(refreshToken));
  }

  /**
   * Revokes the refresh token that a pending token request returns. The request may finish, since the server may have
   * issued tokens that only the response names; `abort` ends it after `revokeTimeoutMs`.
   */
  revokeLate(response: Promise<RefreshResponse>, abort: (reason: unknown) => void): void {
    const timer = revocationTimer(this.#deps, abort);
    const late = response.finally(() => {
      timer.cancel();
    });
    this.#run(
      late.then(
        ({ refresh_token: refreshToken }) => (refreshToken === undefined ? undefined : this.#revoke(refreshToken)),
        () => undefined, // nothing was issued
      ),
    );
  }

  async #revoke(refreshToken: string): Promise<void> {
    const { endpoint, log } = this.#deps;
    const timeout = new AbortController();
    const timer = revocationTimer(this.#deps, (reason) => {
      timeout.abort(reason);
    });
    try {
      await endpoint.revoke(refreshToken, timeout.signal);
      log("TOKEN", "revoked orphaned tokens");
    } catch (error) {
      log("TOKEN", `orphaned tokens could not be revoked: ${String(error)}`);
    } finally {
      timer.cancel();
    }
  }

  #run(revocation: Promise<void>): void {
    const running = revocation.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
