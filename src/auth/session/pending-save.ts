import { sleep, type Clock } from "../../platform/clock.ts";
import type { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import type { LoginStore } from "./token-store.ts";

interface PendingSaveDeps {
  store: Pick<LoginStore, "update">;
  clock: Clock;
  limits: Pick<Limits, "saveRetryMs">;
  /** The longest pause between two attempts. Default: a minute. */
  maxDelayMs?: number | undefined;
}

interface PendingTokens {
  /** The refresh tokens used on the way to `tokens`, oldest first; the file has one of them. */
  usedTokens: readonly string[];
  tokens: TokenSet;
  error: CodexError;
}

/** A refreshed login that could not be saved. This is its only copy, so saving is retried. */
export class PendingSave {
  readonly #deps: PendingSaveDeps;
  readonly #stopping = new AbortController();
  #pending: PendingTokens | undefined;

  constructor(deps: PendingSaveDeps) {
    this.#deps = deps;
  }

  /** Why the current login is only in memory, if it is. */
  get reason(): CodexError | undefined {
    return this.#pending?.error;
  }

  /** The login that is only in memory, if there is one. */
  get tokens(): TokenSet | undefined {
    return this.#pending?.tokens;
  }

  /** The login to use instead of the stored one: its unsaved successor, if there is one. */
  newest(stored: TokenSet): TokenSet {
    return this.#pending && replaces(this.#pending, stored) ? this.#pending.tokens : stored;
  }

  /** Keeps the successor of `usedToken` in memory and retries the save. */
  keep(usedToken: string, tokens: TokenSet, error: CodexError): void {
    const pending = { usedTokens: [...(this.#pending?.usedTokens ?? []), usedToken], tokens, error };
    this.#pending = pending;
    this.#retry(pending).catch(() => undefined); // stopped
  }

  /** The login was saved, or a newer one replaced it. */
  forget(): void {
    this.#pending = undefined;
  }

  /** Tries once to save it now. */
  async flush(): Promise<void> {
    if (this.#pending !== undefined) await this.#save(this.#pending);
  }

  /** Tries a last time to save it, and stops the retries. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.flush();
  }

  async #retry(pending: PendingTokens): Promise<void> {
    const { clock, limits, maxDelayMs = 60_000 } = this.#deps;
    for (let delayMs = limits.saveRetryMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      await sleep(clock, delayMs, this.#stopping.signal);
      if (this.#pending !== pending) return;
      await this.#save(pending).catch(() => undefined); // the next round tries again
    }
  }

  async #save(pending: PendingTokens): Promise<void> {
    await this.#deps.store.update((stored) =>
      // Another refresh may have followed while this one waited for the file.
      this.#pending === pending && stored !== undefined && replaces(pending, stored) ? pending.tokens : undefined,
    );
    if (this.#pending === pending) this.#pending = undefined;
  }
}

function replaces({ usedTokens, tokens }: PendingTokens, stored: TokenSet): boolean {
  return stored.generation === tokens.generation && usedTokens.includes(stored.refreshToken);
}
