import { toCodexError, type CodexError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import type { TokenSet } from "../core/tokens.ts";
import type { Clock } from "../infra/clock.ts";
import type { Log } from "../infra/debug-log.ts";
import { orAborted, within } from "../infra/promises.ts";
import type { OAuthFlow, PendingLogin } from "./oauth-flow.ts";

/** How long a person is waited for who has the page in front of them. */
const browserWaitMs = 45_000;
/** An opener that has not failed by then has become the browser. */
const openerGraceMs = 1_000;

export interface LoginServiceDeps {
  flow: Pick<OAuthFlow, "begin">;
  /** Rejects when the browser did not open; undefined when none may be opened. */
  openBrowser: ((url: string) => Promise<void>) | undefined;
  /** Whether these tokens are still what this machine is signed in with. */
  isStored: (tokens: TokenSet) => Promise<boolean>;
  clock: Clock;
  limits: Pick<Limits, "loginTimeoutMs">;
  log: Log;
}

/** A login under way, as a call sees it. */
export interface LoginAttempt {
  pending: PendingLogin;
  /** True when an earlier call had begun it. */
  joined: boolean;
  /** Known within a second; the URL is there at once. */
  browserOpened: Promise<boolean>;
}

/** How a wait ended; a login that is still pending goes on by itself. */
export type LoginWait =
  { kind: "signed-in"; tokens: TokenSet } | { kind: "waiting"; browserOpened: boolean };

/** How a login ended while no call was waiting for it. */
interface Unheard {
  at: number;
  result: { tokens: TokenSet } | { failure: CodexError };
}

/**
 * The one login of this process: begun, joined, waited for, ended. When it ends between two calls,
 * the next one is told how, and only the one after that begins anew.
 */
export class LoginService {
  readonly #deps: LoginServiceDeps;
  #current: Promise<LoginAttempt> | undefined;
  #pending: PendingLogin | undefined;
  #unheard: Unheard | undefined;

  constructor(deps: LoginServiceDeps) {
    this.#deps = deps;
  }

  /** The login that still waits for the person. */
  get pending(): PendingLogin | undefined {
    return this.#unheard === undefined ? this.#pending : undefined;
  }

  /** Why the last login failed, until a call of `wait` or a new login has told it. */
  get failure(): CodexError | undefined {
    const result = this.#unheard?.result;
    return result !== undefined && "failure" in result ? result.failure : undefined;
  }

  /**
   * The pending login, or one that ended unheard, or a new one with the browser opened.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`
   */
  async beginOrJoin(): Promise<LoginAttempt> {
    const ended = this.#unheard;
    if (ended !== undefined && !(await this.#isNews(ended)) && this.#unheard === ended) {
      this.#forget();
    }
    if (this.#current !== undefined) return { ...(await this.#current), joined: true };
    const beginning = this.#begin();
    this.#current = beginning;
    const end = (result: Unheard["result"]): void => {
      if (this.#current === beginning) this.#unheard = { at: this.#deps.clock.now(), result };
    };
    beginning.then(
      ({ pending }) => {
        pending.completed.then(
          (tokens) => {
            end({ tokens });
          },
          (error: unknown) => {
            end({ failure: toCodexError(error) });
          },
        );
      },
      () => {
        if (this.#current === beginning) this.#forget();
      },
    );
    return beginning;
  }

  /**
   * Wait for the login, at most `waitMs`; when that is undefined, long enough for a person if a
   * browser opened, else not at all. A signal that a time-out of the host aborted ends the waiting
   * only; any other cancellation ends the login, too.
   *
   * @throws what the login ended with, or the signal's reason.
   */
  async wait(
    { pending, browserOpened }: LoginAttempt,
    waitMs: number | undefined,
    signal: AbortSignal,
  ): Promise<LoginWait> {
    try {
      const decided = pending.completed.then(() => true);
      const opened = await orAborted(Promise.race([browserOpened, decided]), signal);
      const ms = waitMs ?? (opened ? browserWaitMs : 0);
      const tokens = await within(pending.completed, ms, this.#deps.clock, signal);
      if (tokens === undefined) return { kind: "waiting", browserOpened: opened };
      this.#forget(pending);
      return { kind: "signed-in", tokens };
    } catch (error) {
      if (!signal.aborted) this.#forget(pending);
      else if (!isHostTimeout(signal.reason)) this.#end(pending, "The sign-in was cancelled.");
      throw error;
    }
  }

  /**
   * End the pending login. Resolves once nothing of it can be saved any more, with false when there
   * was none, or when it was too late to stop it.
   */
  async cancel(reason: string): Promise<boolean> {
    const attempt = await this.#current?.catch(() => undefined);
    if (attempt === undefined) return false;
    const { pending } = attempt;
    const waited = this.pending !== undefined;
    this.#end(pending, reason);
    const stopped = await pending.completed.then(
      () => false,
      () => waited,
    );
    this.#forget(pending);
    return stopped;
  }

  async #begin(): Promise<LoginAttempt> {
    const pending = await this.#deps.flow.begin();
    this.#pending = pending;
    return { pending, joined: false, browserOpened: this.#open(pending.authorizationUrl) };
  }

  #end(pending: PendingLogin, reason: string): void {
    const ended = pending.cancel(reason);
    // At once: the next call begins anew, and does not join what is closing down.
    if (ended) this.#forget(pending);
  }

  /** An old end, or one that something else has overtaken, would only keep a person from signing in. */
  async #isNews({ at, result }: Unheard): Promise<boolean> {
    const { clock, limits, isStored } = this.#deps;
    const age = clock.now() - at;
    if (age < 0 || age > limits.loginTimeoutMs) return false;
    if ("tokens" in result) return isStored(result.tokens);
    return result.failure.code !== "LOGIN_TIMEOUT";
  }

  #forget(pending = this.#pending): void {
    if (this.#pending !== pending) return;
    this.#current = undefined;
    this.#pending = undefined;
    this.#unheard = undefined;
  }

  async #open(url: string): Promise<boolean> {
    const { openBrowser, clock, log } = this.#deps;
    if (openBrowser === undefined) return false;
    try {
      await within(openBrowser(url), openerGraceMs, clock, new AbortController().signal);
      return true;
    } catch (error) {
      log("OAUTH", `no browser was opened: ${error instanceof Error ? error.name : "unknown"}`);
      return false;
    }
  }
}

/** Hosts say in the reason of a cancellation that their own time-out caused it. */
function isHostTimeout(reason: unknown): boolean {
  const text = reason instanceof Error ? reason.message : String(reason);
  return /time[d -]*out/i.test(text);
}
