import { CodexError } from "../../shared/errors.ts";
import { act, browserSignIn, either, signIn } from "../../shared/next-step.ts";
import type { AccountChange, TokenSet } from "../oauth/token-set.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { deferred, raceSignal } from "../../platform/promises.ts";
import type { CodeExchangeResponse, RefreshResponse } from "../oauth/oauth-messages.ts";
import type { OrphanedTokens } from "../oauth/orphaned-tokens.ts";
import { assertCompleteGrant } from "../oauth/token-endpoint.ts";

/** The login that a sign-in has saved. */
export interface NewLogin extends TokenSet {
  /** The masked names of both accounts, if it took the place of another account's login. */
  accountChange?: AccountChange | undefined;
}

interface Pending {
  /** Epoch ms. */
  startedAt: number;
  /** When it times out, epoch ms. */
  endsAt: number;
  /** The saved login; rejects with `AUTH_DENIED`, `LOGIN_TIMEOUT`, `CANCELLED` or another error. */
  completed: Promise<NewLogin>;
  /** Ends the login; false if it is too late, because its tokens are being saved. */
  cancel(reason: string): boolean;
}

/** A login that waits for the browser's callback, or for the user to paste it. */
export interface BrowserLogin extends Pending {
  method: "browser";
  /** The page to approve at, for a browser anywhere. */
  authorizationUrl: string;
  /** A page of this machine that leads one browser there; a second browser that opens it ends the login. */
  startUrl: string;
  redirectUri: string;
  /**
   * Continues with the pasted callback; `completed` has the outcome. There is one exchange, so a callback that came
   * first counts. A code alone is exchanged first, since it may be anything.
   *
   * @throws CodexError `BAD_REQUEST` if it is not this login's response, or why a code alone could not be exchanged; the
   *   login stays pending
   */
  finish(pasted: string): Promise<void>;
}

/** A login that polls the server until the user has entered the code. */
export interface DeviceLogin extends Pending {
  method: "device";
  verificationUrl: string;
  /** Show it only to the user: an attacker who gets a victim to enter it gets the victim's login. */
  userCode: string;
}

export type PendingLogin = BrowserLogin | DeviceLogin;

export interface LoginAttemptDeps {
  /** Saves the tokens; the browser shows success only after it. */
  save: (grant: CodeExchangeResponse) => Promise<NewLogin>;
  /** Revokes tokens that were granted but not saved. */
  orphanedTokens: Pick<OrphanedTokens, "revoke" | "revokeLate">;
  clock: Clock;
  log: Log;
}

/** One login of either method. It ends once: by tokens, failure, cancellation or timeout. */
export class LoginAttempt {
  readonly startedAt: number;
  readonly endsAt: number;
  readonly completed: Promise<NewLogin>;
  readonly #deps: LoginAttemptDeps;
  readonly #outcome = deferred<NewLogin>();
  readonly #aborter = new AbortController();
  readonly #startTimer: (ms: number) => Timer;
  #timer: Timer;
  /** Once true, it can't be cancelled: a login is never both cancelled and saved. */
  #saving = false;

  constructor(deps: LoginAttemptDeps, timeoutMs: number, timeoutError: () => CodexError) {
    const { clock } = deps;
    this.#deps = deps;
    this.completed = this.#outcome.promise;
    this.completed.catch(() => undefined); // it can fail while no call waits
    this.startedAt = clock.now();
    this.endsAt = this.startedAt + timeoutMs;
    this.#startTimer = (ms) =>
      clock.timer(ms, () => {
        this.end(timeoutError());
      });
    this.#timer = this.#startTimer(timeoutMs);
  }

  /** Aborts if the login ends before it has tokens. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** It has neither been ended, nor are its tokens being saved. */
  get isWaiting(): boolean {
    return !this.#saving && !this.signal.aborted;
  }

  /** Ends it with `CANCELLED`; false if its tokens are being saved. */
  cancel(reason: string): boolean {
    return this.end(new CodexError("CANCELLED", reason));
  }

  /** Ends it with an error; false if its tokens are being saved. */
  end(error: unknown): boolean {
    if (this.#saving) return false;
    this.#timer.cancel();
    this.#aborter.abort(error);
    this.#outcome.reject(error);
    return true;
  }

  /**
   * Gets the tokens and saves them; only a cancellation stops that. Rejects if it fails. Tokens that arrive after the
   * end, or that can't be saved, are revoked: they would be a valid login without an owner.
   *
   * @param obtain its signal aborts only a request that takes too long after the end
   * @param then what a failure to obtain them means for the login
   */
  async complete(
    obtain: (signal: AbortSignal) => Promise<RefreshResponse>,
    then: "ends if this fails" | "goes on if this fails" = "ends if this fails",
  ): Promise<void> {
    const { orphanedTokens, clock, log } = this.#deps;
    this.#timer.cancel();
    try {
      this.signal.throwIfAborted();
      const late = new AbortController();
      const granted = obtain(late.signal);
      const revokeLate = (): void => {
        orphanedTokens.revokeLate(granted, (reason) => {
          late.abort(reason);
        });
      };
      // Registered synchronously at the end: an ending process waits only for revocations that it can see.
      this.signal.addEventListener("abort", revokeLate, { once: true });
      const grant = await raceSignal(granted, this.signal);
      this.signal.throwIfAborted();
      this.#saving = true;
      this.#outcome.resolve(await this.#save(grant));
      log("OAUTH", "the sign-in is complete");
    } catch (error) {
      if (then === "goes on if this fails" && this.isWaiting) {
        log("OAUTH", `the sign-in goes on: ${String(error)}`);
        this.#timer = this.#startTimer(Math.max(0, this.endsAt - clock.now()));
        throw error;
      }
      log("OAUTH", `the sign-in failed: ${String(error)}`);
      this.#outcome.reject(error);
      throw error;
    }
  }

  async #save(grant: RefreshResponse): Promise<NewLogin> {
    const { save, orphanedTokens } = this.#deps;
    try {
      return await save(assertCompleteGrant(grant));
    } catch (error) {
      if (grant.refresh_token !== undefined) orphanedTokens.revoke(grant.refresh_token);
      throw error;
    }
  }
}

/** For a pasted callback that is not the pending login's. */
export function invalidCallback(message: string): CodexError {
  return new CodexError("BAD_REQUEST", message, {
    why: "Nothing was changed: the sign-in goes on waiting.",
    next: [act("Copy the whole URL from the browser's address bar after the approval"), { do: "paste-callback-url" }],
  });
}

/** For a pasted callback without a pending login. */
export function noPendingLogin(): CodexError {
  return new CodexError("AUTH_REQUIRED", "No sign-in of this session waits for a pasted URL.", {
    why: "It was not begun here, or it has ended: a browser sign-in waits ten minutes.",
    next: [signIn, act("Approve at the URL that it gives"), { do: "paste-callback-url" }],
  });
}

/** For a pasted callback while a device login is pending. */
export function callbackNotSupported(): CodexError {
  return new CodexError("BAD_REQUEST", "The sign-in that waits uses a device code.", {
    why: "It takes no pasted URL: it ends by itself once the code is entered.",
    next: [either(act("Enter the code"), browserSignIn)],
  });
}
