import { type Clock, sleep } from "../../platform/clock.ts";
import type { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { assertIssuedFor, type Origins, type TokenSet } from "../oauth/token-set.ts";
import { signedOutMeanwhile } from "./refresh-errors.ts";
import type { LoginStore } from "./token-store.ts";

export interface PresentLoginDeps {
  origins: Origins;
  store: Pick<LoginStore, "read">;
  unsaved: PendingSave;
}

/**
 * The login as it is now, during a refresh: a sign-in or a sign-out needs no refresh lock.
 *
 * @throws CodexError `AUTH_REQUIRED` when it was removed, or belongs to other origins; `STORAGE`.
 */
export async function readCurrentTokens({ origins, store, unsaved }: PresentLoginDeps): Promise<TokenSet> {
  const stored = await store.read();
  if (stored === undefined) throw signedOutMeanwhile();
  assertIssuedFor(stored, origins);
  return unsaved.newest(stored);
}

export interface UnsavedLoginDeps {
  store: Pick<LoginStore, "update">;
  clock: Clock;
  limits: Pick<Limits, "saveRetryMs">;
  /** The longest pause between two attempts. Default: a minute. */
  maxDelayMs?: number | undefined;
}

interface Unsaved {
  /** The refresh tokens that this login was got for, one after the other; the file has one of them. */
  spent: readonly string[];
  tokens: TokenSet;
  error: CodexError;
}

/** A login that was granted but could not be saved. It is the only copy, so it is saved when it can be. */
export class PendingSave {
  readonly #deps: UnsavedLoginDeps;
  readonly #stopping = new AbortController();
  #unsaved: Unsaved | undefined;

  constructor(deps: UnsavedLoginDeps) {
    this.#deps = deps;
  }

  /** Why the present login is only in memory, if it is. */
  get reason(): CodexError | undefined {
    return this.#unsaved?.error;
  }

  /** The login that is only in memory, if there is one. */
  get tokens(): TokenSet | undefined {
    return this.#unsaved?.tokens;
  }

  /** The login to use in place of the stored one: the one that should stand there, if there is one. */
  newest(stored: TokenSet): TokenSet {
    return this.#unsaved && replaces(this.#unsaved, stored) ? this.#unsaved.tokens : stored;
  }

  /** Use this login, got for `spent`, from memory, and go on trying to save it. */
  keep(spent: string, tokens: TokenSet, error: CodexError): void {
    const unsaved = { spent: [...(this.#unsaved?.spent ?? []), spent], tokens, error };
    this.#unsaved = unsaved;
    this.#retry(unsaved).catch(() => undefined); // stopped
  }

  /** The login was saved, or a newer one took its place. */
  forget(): void {
    this.#unsaved = undefined;
  }

  /** One attempt to save it now. */
  async flush(): Promise<void> {
    const unsaved = this.#unsaved;
    if (unsaved !== undefined) await this.#save(unsaved);
  }

  /** The last attempt to save it: after that nothing is tried any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.flush();
  }

  async #retry(unsaved: Unsaved): Promise<void> {
    const { clock, limits, maxDelayMs = 60_000 } = this.#deps;
    for (let delayMs = limits.saveRetryMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      await sleep(clock, delayMs, this.#stopping.signal);
      if (this.#unsaved !== unsaved) return;
      // It fails as long as there is still no room; the next round tries again.
      await this.#save(unsaved).catch(() => undefined);
    }
  }

  async #save(unsaved: Unsaved): Promise<void> {
    await this.#deps.store.update((stored) =>
      // Another refresh may have followed while this waited for the file.
      this.#unsaved === unsaved && stored !== undefined && replaces(unsaved, stored) ? unsaved.tokens : undefined,
    );
    if (this.#unsaved === unsaved) this.#unsaved = undefined;
  }
}

function replaces({ spent, tokens }: Unsaved, stored: TokenSet): boolean {
  return stored.generation === tokens.generation && spent.includes(stored.refreshToken);
}
