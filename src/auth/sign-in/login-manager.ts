import { raceSignal, withTimeout } from "../../platform/promises.ts";
import { CodexError, toCodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import type { SignInMethod } from "./login-plan.ts";
import { noPendingLogin, type PendingLogin, callbackNotSupported } from "./login-attempt.ts";
import { LoginStarter, type LoginStarterDeps, type StartedLogin } from "./login-start.ts";

/** How a login ended while no call was waiting for it. */
export interface UnreportedLogin {
  /** Epoch ms. */
  at: number;
  result: { tokens: TokenSet } | { failure: CodexError };
}

/** An old end, or one that something else has overtaken, would only keep a person from signing in. */
async function isRecent(
  { at, result }: UnreportedLogin,
  now: number,
  maxAgeMs: number,
  isStored: (tokens: TokenSet) => Promise<boolean>,
): Promise<boolean> {
  const age = now - at;
  if (age < 0 || age > maxAgeMs) return false;
  if ("tokens" in result) return isStored(result.tokens);
  return result.failure.code !== "LOGIN_TIMEOUT";
}

/** How long a person is waited for who has the page in front of them. */
const browserWaitMs = 45_000;

export interface LoginManagerDeps extends LoginStarterDeps {
  /** Whether these tokens are still what this machine is signed in with. */
  isStored: (tokens: TokenSet) => Promise<boolean>;
  limits: Pick<Limits, "loginTimeoutMs">;
}

/** How a wait ended; a login that is still pending goes on by itself. */
export type LoginWait = { kind: "signed-in"; tokens: TokenSet } | { kind: "waiting"; browserOpened: boolean };

/**
 * The one login of this process: begun, joined, replaced, waited for, ended. When it ends between two
 * calls, the next one is told how, and only the one after that begins anew.
 */
export class LoginManager {
  readonly #deps: LoginManagerDeps;
  readonly #start: LoginStarter;
  #current: Promise<StartedLogin> | undefined;
  /** What `#current` was begun with. */
  #asked: SignInMethod = "auto";
  #aborter = new AbortController();
  #pending: PendingLogin | undefined;
  #news: UnreportedLogin | undefined;
  /** Logins whose device code has stood in an answer. */
  readonly #codesTold = new WeakSet<PendingLogin>();

  constructor(deps: LoginManagerDeps) {
    this.#deps = deps;
    this.#start = new LoginStarter(deps);
  }

  /** The login that still waits for the person. */
  get pending(): PendingLogin | undefined {
    return this.#news === undefined ? this.#pending : undefined;
  }

  /** Why the last login failed, until a call of `wait` or a new login has told it. */
  get failure(): CodexError | undefined {
    const result = this.#news?.result;
    return result !== undefined && "failure" in result ? result.failure : undefined;
  }

  /**
   * The pending login, or one that ended unheard, or a new one with the browser opened where that
   * helps. Another explicit method than the pending login's replaces it, and a failed one that
   * nobody has heard of; `auto` takes what there is.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`, or what `DeviceFlow.begin` throws
   */
  async beginOrJoin(method: SignInMethod = "auto"): Promise<StartedLogin> {
    for (;;) {
      // Not before there are any: a cancel at the same moment must find this login.
      if (this.#news !== undefined) await this.#dropOldNews();
      const current = this.#current;
      if (current === undefined) return this.#begin(method);
      const suits = method === "auto" || method === this.#asked;
      const attempt = await current.catch((error: unknown) => {
        if (suits) throw error;
      });
      if (attempt === undefined || this.#current !== current) continue;
      const { pending } = attempt;
      if (suits || pending.method === method) return { ...attempt, joined: true };
      if (!pending.cancel("Another way to sign in was chosen.")) return { ...attempt, joined: true };
      this.#forget(pending);
    }
  }

  /**
   * Hand what the person pasted to the pending browser login. A login that ended unheard is given
   * as it ended: the browser was faster.
   *
   * @throws CodexError `AUTH_REQUIRED` when no login waits, `BAD_REQUEST` when it is not this login's
   *   answer; the login goes on waiting then.
   */
  async finish(pasted: string): Promise<StartedLogin> {
    await this.#dropOldNews();
    const attempt = await this.#current?.catch(() => undefined);
    if (attempt === undefined) throw noPendingLogin();
    const { pending } = attempt;
    if (this.#news === undefined) {
      if (pending.method === "device") throw callbackNotSupported();
      pending.finish(pasted);
    }
    return { ...attempt, joined: true };
  }

  /** The device code of a login for an answer: once, then undefined. */
  revealUserCode(pending: PendingLogin): string | undefined {
    if (pending.method !== "device" || this.#codesTold.has(pending)) return undefined;
    this.#codesTold.add(pending);
    return pending.userCode;
  }

  /**
   * Wait for the login, at most `waitMs`; when that is undefined, long enough for a person if a
   * browser opened, else not at all. A call that joined, and one that a time-out of the host
   * cancelled, end the waiting only; any other cancellation of the call that began the login ends it, too.
   *
   * @throws what the login ended with, or the signal's reason.
   */
  async wait(
    { pending, browserOpened, joined }: Pick<StartedLogin, "pending" | "browserOpened" | "joined">,
    waitMs: number | undefined,
    signal: AbortSignal,
  ): Promise<LoginWait> {
    try {
      const decided = pending.completed.then(() => true);
      const opened = await raceSignal(Promise.race([browserOpened, decided]), signal);
      const ms = waitMs ?? (opened ? browserWaitMs : 0);
      const tokens = await withTimeout(pending.completed, ms, this.#deps.clock, signal);
      if (tokens === undefined) return { kind: "waiting", browserOpened: opened };
      this.#forget(pending);
      return { kind: "signed-in", tokens };
    } catch (error) {
      if (!signal.aborted) this.#forget(pending);
      else if (!joined && !isHostTimeout(signal.reason)) this.#end(pending, "The sign-in was cancelled.");
      throw error;
    }
  }

  /**
   * End the pending login. Resolves once nothing of it can be saved any more, with false when there
   * was none, or when it was too late to stop it.
   */
  async cancel(reason: string): Promise<boolean> {
    const { signal } = this.#aborter;
    this.#aborter.abort(new CodexError("CANCELLED", reason));
    // The reason comes back when the login was stopped before it was there.
    const attempt = await this.#current?.catch((error: unknown) => error === signal.reason);
    if (attempt === undefined || typeof attempt === "boolean") return attempt ?? false;
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

  #begin(method: SignInMethod): Promise<StartedLogin> {
    this.#asked = method;
    this.#aborter = new AbortController();
    const beginning = this.#start.begin(method, this.#aborter.signal).then((started) => {
      if (this.#current === beginning) this.#pending = started.pending;
      return started;
    });
    this.#current = beginning;
    const end = (result: UnreportedLogin["result"]): void => {
      if (this.#current === beginning) this.#news = { at: this.#deps.clock.now(), result };
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

  #end(pending: PendingLogin, reason: string): void {
    const ended = pending.cancel(reason);
    // At once: the next call begins anew, and does not join what is closing down.
    if (ended) this.#forget(pending);
  }

  async #dropOldNews(): Promise<void> {
    const { clock, limits, isStored } = this.#deps;
    const news = this.#news;
    if (news === undefined) return;
    if (await isRecent(news, clock.now(), limits.loginTimeoutMs, isStored)) return;
    if (this.#news === news) this.#forget();
  }

  #forget(pending = this.#pending): void {
    if (this.#pending !== pending) return;
    this.#current = undefined;
    this.#pending = undefined;
    this.#news = undefined;
  }
}

/** Hosts say in the reason of a cancellation that their own time-out caused it. */
function isHostTimeout(reason: unknown): boolean {
  const text = reason instanceof Error ? reason.message : String(reason);
  return /time[d -]*out/i.test(text);
}
