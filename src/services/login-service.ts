import type { TokenSet } from "../core/tokens.ts";
import type { Clock } from "../infra/clock.ts";
import type { Log } from "../infra/debug-log.ts";
import { within } from "../infra/promises.ts";
import type { OAuthFlow, PendingLogin } from "./oauth-flow.ts";

export interface LoginServiceDeps {
  flow: Pick<OAuthFlow, "begin">;
  /** Undefined when no browser may be opened. */
  openBrowser: ((url: string) => Promise<void>) | undefined;
  clock: Clock;
  log: Log;
}

/** A login under way, as a call sees it. */
export interface LoginAttempt {
  pending: PendingLogin;
  /** True when an earlier call had begun it. */
  joined: boolean;
  browserOpened: boolean;
}

/** How a wait ended; a login that is still pending goes on by itself. */
export type LoginWait = { kind: "signed-in"; tokens: TokenSet } | { kind: "waiting" };

/** The one pending login of this process: begun, joined, waited for, ended. */
export class LoginService {
  readonly #deps: LoginServiceDeps;
  #current: { pending: PendingLogin; browserOpened: boolean } | undefined;
  #beginning: Promise<LoginAttempt> | undefined;

  constructor(deps: LoginServiceDeps) {
    this.#deps = deps;
  }

  get pending(): PendingLogin | undefined {
    return this.#current?.pending;
  }

  /**
   * The pending login, or a new one with the browser opened.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`
   */
  async beginOrJoin(): Promise<LoginAttempt> {
    if (this.#current !== undefined) return { ...this.#current, joined: true };
    if (this.#beginning !== undefined) return { ...(await this.#beginning), joined: true };
    this.#beginning = this.#begin();
    try {
      return await this.#beginning;
    } finally {
      this.#beginning = undefined;
    }
  }

  /**
   * Wait for the login, at most `waitMs`. A signal that a time-out of the host aborted ends the
   * waiting only; any other cancellation ends the login, too.
   *
   * @throws what the login ended with, or the signal's reason.
   */
  async wait(pending: PendingLogin, waitMs: number, signal: AbortSignal): Promise<LoginWait> {
    try {
      const tokens = await within(pending.completed, waitMs, this.#deps.clock, signal);
      return tokens === undefined ? { kind: "waiting" } : { kind: "signed-in", tokens };
    } catch (error) {
      if (signal.aborted && !isHostTimeout(signal.reason)) {
        pending.cancel("The sign-in was cancelled.");
      }
      throw error;
    }
  }

  /** End the pending login, if there is one. */
  cancel(reason: string): boolean {
    const pending = this.#current?.pending;
    pending?.cancel(reason);
    return pending !== undefined;
  }

  async #begin(): Promise<LoginAttempt> {
    const pending = await this.#deps.flow.begin();
    const current = { pending, browserOpened: false };
    this.#current = current;
    const forget = (): void => {
      if (this.#current === current) this.#current = undefined;
    };
    pending.completed.then(forget, forget);
    current.browserOpened = await this.#open(pending.authorizationUrl);
    return { ...current, joined: false };
  }

  async #open(url: string): Promise<boolean> {
    const { openBrowser, log } = this.#deps;
    if (openBrowser === undefined) return false;
    try {
      await openBrowser(url);
      return true;
    } catch (error) {
      log(
        "OAUTH",
        `no browser could be opened: ${error instanceof Error ? error.name : "unknown"}`,
      );
      return false;
    }
  }
}

/** Hosts say in the reason of a cancellation that their own time-out caused it. */
function isHostTimeout(reason: unknown): boolean {
  const text = reason instanceof Error ? reason.message : String(reason);
  return /time[d -]*out/i.test(text);
}
