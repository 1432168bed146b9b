import type { ExternalKind } from "../../shared/credential-kind.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { raceSignal } from "../../platform/promises.ts";
import { programEnds, toCodexError, type CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { act, either } from "../../shared/next-step.ts";
import { revocationTimer } from "../oauth/orphaned-tokens.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import type { Origins, TokenSet } from "../oauth/token-set.ts";
import type { RefreshClaims } from "./refresh-claim.ts";
import type { LoginStore } from "./token-store.ts";

const signOutAgain = act("Sign out again");

interface SignOutDeps {
  origins: Origins;
  store: Pick<LoginStore, "byHand" | "path" | "peek" | "rehearse" | "update">;
  endpoint: Pick<TokenEndpoint, "revoke">;
  claims: Pick<RefreshClaims, "sweep">;
  clock: Clock;
  limits: Pick<Limits, "revokeTimeoutMs">;
  log: Log;
}

export interface RevokeOptions {
  /** Only removes the login from this machine, without a request. */
  localOnly: boolean;
  /** Ends the revocation, never the removal. */
  signal?: AbortSignal | undefined;
}

/** Result of a sign-out. */
export interface SignedOut {
  /** The login that was removed. */
  removed: TokenSet | undefined;
  /** The stored choice that was removed. */
  forgotten: ExternalKind | undefined;
  revoked: "revoked" | "failed" | "skipped";
  /** Why a removed login was not revoked: one sentence without a full stop. */
  why: string | undefined;
}

type Revocation = Pick<SignedOut, "revoked" | "why">;

/**
 * Signs out: checks that the login can be removed, revokes it (docs/wire.md §5), then removes it, whatever the server
 * answers. Only the file's own lock guards the removal, so it never waits for a refresh. A refresh in flight elsewhere
 * finds the login removed, and revokes its new tokens.
 */
export class SignOut {
  readonly #deps: SignOutDeps;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(deps: SignOutDeps) {
    this.#deps = deps;
  }

  /** The process is ending: a running sign-out removes the login without waiting for the server. */
  stop(): void {
    this.#stopping.abort(programEnds());
  }

  /** Resolves when no sign-out is running. */
  async settled(): Promise<void> {
    await this.#running.catch(() => undefined);
  }

  /**
   * @throws CodexError `STORAGE` if the login could not be removed; it says whether the login was revoked.
   */
  run(options: RevokeOptions): Promise<SignedOut> {
    const run = this.#run(options);
    this.#running = run;
    return run;
  }

  async #run({ localOnly, signal }: RevokeOptions): Promise<SignedOut> {
    const { store, claims, log } = this.#deps;
    const { tokens, choice, damaged } = await store.peek();
    if (tokens === undefined && choice === undefined && !damaged) {
      return { removed: undefined, forgotten: undefined, revoked: "skipped", why: undefined };
    }
    if (tokens !== undefined && !localOnly) await this.#rehearse();
    const timeout = new AbortController();
    const timer = revocationTimer(this.#deps, (reason) => {
      timeout.abort(reason);
    });
    const ended = AbortSignal.any([...(signal === undefined ? [] : [signal]), timeout.signal, this.#stopping.signal]);
    try {
      let revocation = tokens && (await this.#revoke(tokens, localOnly, ended));
      let forgotten = choice;
      const removal = store.update((found, _, foundChoice) => {
        forgotten = foundChoice;
        return (found ?? foundChoice) ? null : undefined;
      });
      const removed = await removal.catch((error: unknown) => {
        throw revocation?.revoked === "revoked" ? this.#onlyRevoked(error) : error;
      });
      // After a refresh elsewhere, the removed token is not the one that was revoked.
      if (removed !== undefined && removed.refreshToken !== tokens?.refreshToken) {
        revocation = await this.#revoke(removed, localOnly, ended);
      }
      await claims.sweep();
      log("TOKEN", `removed the login: ${revocation?.revoked ?? "there was none"}`);
      return { removed, forgotten: forgotten?.kind, ...(revocation ?? { revoked: "skipped", why: undefined }) };
    } finally {
      timer.cancel();
    }
  }

  /** Checks before the revocation that the login can be removed: a revoked one must not stay unnoticed. */
  async #rehearse(): Promise<void> {
    const { store } = this.#deps;
    try {
      await store.rehearse();
    } catch (thrown) {
      const error = toCodexError(thrown);
      throw error.with({
        why: `${error.details.why ?? `${store.path} cannot be changed.`} The server was not told: the login still works.`,
        next: [
          either(
            error.details.next ?? [act(`Make ${store.path} and its folder writable`), signOutAgain],
            act("End the sessions in ChatGPT's settings"),
          ),
        ],
      });
    }
  }

  #onlyRevoked(thrown: unknown): CodexError {
    const { path, byHand } = this.#deps.store;
    const error = toCodexError(thrown);
    return error.with({
      why: `${error.details.why ?? `${path} could not be changed.`} The login was revoked at the server already, but could not be removed here.`,
      next: byHand,
    });
  }

  async #revoke(login: TokenSet, localOnly: boolean, signal: AbortSignal): Promise<Revocation> {
    const { origins, endpoint, log } = this.#deps;
    if (localOnly) return { revoked: "skipped", why: "as asked" };
    if (login.issuer !== origins.issuer) {
      return { revoked: "skipped", why: `it belongs to ${login.issuer}, not to ${origins.issuer}` };
    }
    try {
      signal.throwIfAborted();
      await raceSignal(endpoint.revoke(login.refreshToken, signal), signal);
      return { revoked: "revoked", why: undefined };
    } catch (thrown) {
      const error = toCodexError(thrown);
      log("TOKEN", `the login could not be revoked: ${error.message}`);
      return { revoked: "failed", why: error.message.replace(/\.$/, "") };
    }
  }
}
