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
  clock: Clock;
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

/** The one pending login of this process: begun, joined, waited for, ended. */
export class LoginService {
  readonly #deps: LoginServiceDeps;
  #current: Promise<LoginAttempt> | undefined;
  #pending: PendingLogin | undefined;

  constructor(deps: LoginServiceDeps) {
    this.#deps = deps;
  }

  get pending(): PendingLogin | undefined {
    return this.#pending;
  }

  /**
   * The pending login, or a new one with the browser opened.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`
   */
  async beginOrJoin(): Promise<LoginAttempt> {
    if (this.#current !== undefined) return { ...(await this.#current), joined: true };
    const beginning = this.#begin();
    this.#current = beginning;
    const forget = (): void => {
      if (this.#current === beginning) this.#forget();
    };
    beginning.then(({ pending }) => pending.completed).then(forget, forget);
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
      return tokens === undefined
        ? { kind: "waiting", browserOpened: opened }
        : { kind: "signed-in", tokens };
    } catch (error) {
      if (signal.aborted && !isHostTimeout(signal.reason)) {
        this.#end(pending, "The sign-in was cancelled.");
      }
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
    this.#end(pending, reason);
    return pending.completed.then(
      () => false,
      () => true,
    );
  }

  async #begin(): Promise<LoginAttempt> {
    const pending = await this.#deps.flow.begin();
    this.#pending = pending;
    return { pending, joined: false, browserOpened: this.#open(pending.authorizationUrl) };
  }

  #end(pending: PendingLogin, reason: string): void {
    const ended = pending.cancel(reason);
    // At once: the next call begins anew, and does not join what is closing down.
    if (ended && this.#pending === pending) this.#forget();
  }

  #forget(): void {
    this.#current = undefined;
    this.#pending = undefined;
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
