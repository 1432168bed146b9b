import { CodexError } from "../../shared/errors.ts";
import { act, either, signIn } from "../../shared/next-step.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { deferred, raceSignal } from "../../platform/promises.ts";
import type { CodeExchangeResponse, RefreshResponse } from "../oauth/oauth-messages.ts";
import type { OrphanedTokens } from "../oauth/orphaned-tokens.ts";
import { assertCompleteGrant } from "../oauth/token-endpoint.ts";

interface Pending {
  /** Epoch ms. */
  startedAt: number;
  /** When it gives up, epoch ms. */
  endsAt: number;
  /** The saved login; rejects with AUTH_DENIED, LOGIN_TIMEOUT, CANCELLED or what else went wrong. */
  completed: Promise<TokenSet>;
  /** End the login; false when it is too late, because its tokens are being saved. */
  cancel(reason: string): boolean;
}

/** A login that waits for the browser's callback, or for what a person pastes of it. */
export interface BrowserLogin extends Pending {
  method: "browser";
  authorizationUrl: string;
  redirectUri: string;
  /**
   * Go on with what the person pasted; `completed` tells how that ends. When the callback came first,
   * its outcome counts: there is one exchange.
   *
   * @throws CodexError `BAD_REQUEST` when it is not this login's answer; the login goes on waiting.
   */
  finish(pasted: string): void;
}

/** A login that asks the server again and again whether the person has entered the code. */
export interface DeviceLogin extends Pending {
  method: "device";
  verificationUrl: string;
  /** For the person's eyes only: whoever gets it entered by a victim gets the victim's login. */
  userCode: string;
}

export type PendingLogin = BrowserLogin | DeviceLogin;

export interface LoginAttemptDeps {
  clock: Clock;
  timeoutMs: number;
  /** What the login ends with when its time is over. */
  timeoutError: () => CodexError;
  /** Keeps the tokens. */
  save: (grant: CodeExchangeResponse) => Promise<TokenSet>;
  /** Takes the tokens that this login got and nobody has. */
  orphanedTokens: Pick<OrphanedTokens, "revoke" | "revokeLate">;
  log: Log;
}

/** The life of one login, whatever its method: it ends once, by tokens, failure, cancel or time. */
export class LoginAttempt {
  readonly startedAt: number;
  readonly endsAt: number;
  readonly completed: Promise<TokenSet>;
  readonly #deps: LoginAttemptDeps;
  readonly #outcome = deferred<TokenSet>();
  readonly #aborter = new AbortController();
  readonly #timer: Timer;
  /** From here on it ends by itself: a login is never both cancelled and stored. */
  #saving = false;

  constructor(deps: LoginAttemptDeps) {
    const { clock, timeoutMs } = deps;
    this.#deps = deps;
    this.completed = this.#outcome.promise;
    // Nobody may be waiting when it fails.
    this.completed.catch(() => undefined);
    this.startedAt = clock.now();
    this.endsAt = this.startedAt + timeoutMs;
    this.#timer = clock.timer(timeoutMs, () => {
      this.end(deps.timeoutError());
    });
  }

  /** Aborts when the login ends before its tokens are there. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** End it; false when its tokens are being saved already. */
  end(error: unknown): boolean {
    if (this.#saving) return false;
    this.#timer.cancel();
    this.#aborter.abort(error);
    this.#outcome.reject(error);
    return true;
  }

  /**
   * Get the tokens and keep them; nothing but a cancel stops that any more. Rejects as it fails. A login
   * that ends without them has those revoked that come after all, or that could not be saved: they
   * would be a live login that nobody knows of.
   *
   * @param obtain takes a signal that only gives up what takes too long after the end
   */
  async complete(obtain: (signal: AbortSignal) => Promise<RefreshResponse>): Promise<void> {
    const { orphanedTokens, log } = this.#deps;
    this.#timer.cancel();
    try {
      this.signal.throwIfAborted();
      const late = new AbortController();
      const granted = obtain(late.signal);
      const giveBack = (): void => {
        orphanedTokens.revokeLate(granted, (reason) => {
          late.abort(reason);
        });
      };
      // At the very moment of the end: a process that ends next waits for what it finds here.
      this.signal.addEventListener("abort", giveBack, { once: true });
      const grant = await raceSignal(granted, this.signal);
      this.signal.throwIfAborted();
      this.#saving = true;
      this.#outcome.resolve(await this.#keep(grant));
      log("OAUTH", "the sign-in is complete");
    } catch (error) {
      log("OAUTH", `the sign-in failed: ${String(error)}`);
      this.#outcome.reject(error);
      throw error;
    }
  }

  async #keep(grant: RefreshResponse): Promise<TokenSet> {
    const { save, orphanedTokens } = this.#deps;
    try {
      return await save(assertCompleteGrant(grant));
    } catch (error) {
      if (grant.refresh_token !== undefined) orphanedTokens.revoke(grant.refresh_token);
      throw error;
    }
  }
}

/** For a pasted answer without a login that it could belong to. */
export function noPendingLogin(): CodexError {
  return new CodexError("AUTH_REQUIRED", "No sign-in of this session waits for a pasted URL.", {
    why: "It was not begun here, or it has ended: a browser sign-in waits ten minutes.",
    next: [signIn, act("Approve at the URL that it gives"), { do: "paste-callback-url" }],
  });
}

/** For a pasted answer while a code is to be entered elsewhere. */
export function callbackNotSupported(): CodexError {
  return new CodexError("BAD_REQUEST", "The sign-in that waits uses a device code.", {
    why: "It takes no pasted URL: it ends by itself once the code is entered.",
    next: [either(act("Enter the code"), { do: "sign-in", method: "browser" })],
  });
}
