import { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { RefreshResponse } from "./oauth-messages.ts";
import type { TokenEndpoint } from "./token-endpoint.ts";

export interface RevocationsDeps {
  endpoint: Pick<TokenEndpoint, "revoke">;
  clock: Clock;
  limits: Pick<Limits, "revokeTimeoutMs">;
  log: Log;
}

/** Calls `abort` with a `TIMEOUT` after `revokeTimeoutMs`. */
export function revocationTimer(
  { clock, limits }: Pick<RevocationsDeps, "clock" | "limits">,
  abort: (reason: CodexError) => void,
): Timer {
  return clock.timer(limits.revokeTimeoutMs, () => {
    abort(new CodexError("TIMEOUT", "The server did not answer in time."));
  });
}

/** Gives back what nobody wants any more: at best effort, and nobody waits but the process's end. */
export class OrphanedTokens {
  readonly #deps: RevocationsDeps;
  readonly #running = new Set<Promise<void>>();

  constructor(deps: RevocationsDeps) {
    this.#deps = deps;
  }

  /** Resolves when all is revoked, or could not be. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Have a refresh token revoked, within `revokeTimeoutMs`. */
  revoke(refreshToken: string): void {
    this.#run(this.#revoke(refreshToken));
  }

  /**
   * Have revoked what a request may still bring. It is let finish, since its tokens may be made already
   * and only their answer tells them; after `revokeTimeoutMs` it is given up by `abort`.
   */
  revokeLate(granted: Promise<RefreshResponse>, abort: (reason: unknown) => void): void {
    const timer = revocationTimer(this.#deps, abort);
    const late = granted.finally(() => {
      timer.cancel();
    });
    this.#run(
      late.then(
        ({ refresh_token: refreshToken }) => (refreshToken === undefined ? undefined : this.#revoke(refreshToken)),
        () => undefined, // nothing came
      ),
    );
  }

  async #revoke(refreshToken: string): Promise<void> {
    const { endpoint, log } = this.#deps;
    const over = new AbortController();
    const timer = revocationTimer(this.#deps, (reason) => {
      over.abort(reason);
    });
    try {
      await endpoint.revoke(refreshToken, over.signal);
      log("TOKEN", "revoked an unwanted login");
    } catch (error) {
      log("TOKEN", `an unwanted login could not be revoked: ${String(error)}`);
    } finally {
      timer.cancel();
    }
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
