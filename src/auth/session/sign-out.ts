import type { ExternalKind } from "../../api/credential.ts";
import type { CodexError } from "../../shared/errors.ts";
import { toCodexError } from "../../shared/errors.ts";
import { act, either } from "../../shared/next-step.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Origins, TokenSet } from "../oauth/token-set.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { raceSignal } from "../../platform/promises.ts";
import { revocationTimer } from "../oauth/orphaned-tokens.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import type { LoginStore } from "./token-store.ts";

const signOutAgain = act("Sign out again");

export interface SignOutDeps {
  origins: Origins;
  store: Pick<LoginStore, "byHand" | "path" | "peek" | "rehearse" | "update">;
  endpoint: Pick<TokenEndpoint, "revoke">;
  /** The login to use in place of the stored one (`Refresher.newest`). */
  newest: (stored: TokenSet) => TokenSet;
  clock: Clock;
  limits: Pick<Limits, "fileLockWaitMs" | "revokeTimeoutMs">;
  log: Log;
}

export interface SignOutOptions {
  /** Send nothing: only remove the login here. */
  localOnly: boolean;
  /** Ends the revocation, never the removal. */
  signal?: AbortSignal | undefined;
  /** What is stored in place of the login. */
  select?: ExternalKind | undefined;
}

/** What a sign-out has done. */
export interface SignedOut {
  /** The login that was removed. */
  removed: TokenSet | undefined;
  /** The choice of another way that was forgotten. */
  forgotten: ExternalKind | undefined;
  revoked: "revoked" | "failed" | "skipped";
  /** Why it was not revoked, where a login was removed: one sentence without a full stop. */
  why: string | undefined;
}

type Revocation = Pick<SignedOut, "revoked" | "why">;

/**
 * The way out: find out whether the login can be removed here, ask the server to forget it
 * (docs/wire.md §5), then remove it, whatever the answer. The file's own lock guards the removal, so
 * that it never waits for a refresh; one that is under way elsewhere finds the login gone and revokes
 * what it got.
 */
export class SignOut {
  readonly #deps: SignOutDeps;

  constructor(deps: SignOutDeps) {
    this.#deps = deps;
  }

  /** @throws CodexError `STORAGE` when the login could not be removed; it says what the server was told. */
  async run({ localOnly, signal, select }: SignOutOptions): Promise<SignedOut> {
    const { store, newest, clock, log } = this.#deps;
    const { tokens, choice, damaged } = await store.peek();
    if (tokens === undefined && choice === undefined && !damaged && select === undefined) {
      return { removed: undefined, forgotten: undefined, revoked: "skipped", why: undefined };
    }
    if (tokens !== undefined && !localOnly) await this.#rehearse();
    const over = new AbortController();
    const timer = revocationTimer(this.#deps, (reason) => {
      over.abort(reason);
    });
    const ended = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    try {
      const asked = tokens && newest(tokens);
      let revocation = asked && (await this.#revoke(asked, localOnly, ended));
      let forgotten = choice;
      const removal = store.update((found, _, foundChoice) => {
        forgotten = foundChoice;
        if (select === undefined) return (found ?? foundChoice) ? null : undefined;
        const before = found?.generation ?? foundChoice?.generation ?? 0;
        return { mode: select, generation: Math.max(clock.now(), before + 1) };
      });
      const removed = await removal.catch((error: unknown) => {
        throw revocation?.revoked === "revoked" ? this.#onlyRevoked(error) : error;
      });
      // A refresh elsewhere came between: the token that is gone now is not the one that was revoked.
      const last = removed && newest(removed);
      if (last !== undefined && last.refreshToken !== asked?.refreshToken) {
        revocation = await this.#revoke(last, localOnly, ended);
      }
      log("TOKEN", `removed the login: ${revocation?.revoked ?? "there was none"}`);
      return {
        removed,
        forgotten: forgotten?.mode,
        ...(revocation ?? { revoked: "skipped", why: undefined }),
      };
    } finally {
      timer.cancel();
    }
  }

  /** Before the server is asked: a login that stays here must not be dead without a word. */
  async #rehearse(): Promise<void> {
    const { store, limits } = this.#deps;
    try {
      await store.rehearse(limits.fileLockWaitMs);
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
