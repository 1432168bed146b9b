import { raceSignal, withTimeout } from "../../platform/promises.ts";
import { CodexError, toCodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import type { SignInMethod } from "./login-plan.ts";
import { callbackNotSupported, noPendingLogin, type NewLogin, type PendingLogin } from "./login-attempt.ts";
import { LoginStarter, type LoginStarterDeps, type StartedLogin } from "./login-start.ts";

/** How long `wait` waits by default for a user whose browser opened. */
const browserWaitMs = 45_000;

export interface LoginManagerDeps extends LoginStarterDeps {
  /** Whether these tokens are still the stored login. */
  isStored: (tokens: TokenSet) => Promise<boolean>;
  limits: Pick<Limits, "loginTimeoutMs">;
}

/** The outcome of a wait; a login that is still pending continues in the background. */
export type LoginWait = { kind: "signed-in"; tokens: NewLogin } | { kind: "waiting"; browserOpened: boolean };

/** The result of a login that finished between two calls. */
interface UnreportedLogin {
  /** Epoch ms. */
  at: number;
  result: { tokens: NewLogin } | { failure: CodexError };
}

/**
 * The one login of this process. If it finishes between two calls, the next call reports the result, and only the one
 * after that begins another login.
 */
export class LoginManager {
  readonly #deps: LoginManagerDeps;
  readonly #start: LoginStarter;
  #current: Promise<StartedLogin> | undefined;
  /** The requested method of `#current`. */
  #method: SignInMethod = "auto";
  #aborter = new AbortController();
  #pending: PendingLogin | undefined;
  #unreported: UnreportedLogin | undefined;
  /** Logins whose device code was shown. */
  readonly #revealedCodes = new WeakSet<PendingLogin>();

  constructor(deps: LoginManagerDeps) {
    this.#deps = deps;
    this.#start = new LoginStarter(deps);
  }

  /** The login that waits for the user. */
  get pending(): PendingLogin | undefined {
    return this.#unreported === undefined ? this.#pending : undefined;
  }

  /** Why the last login failed, until `wait` has reported it or another login begins. */
  get failure(): CodexError | undefined {
    const result = this.#unreported?.result;
    return result !== undefined && "failure" in result ? result.failure : undefined;
  }

  /**
   * The pending login, else one with an unreported result, else a new one. `auto` joins any login; another explicit
   * method replaces a pending login, and one whose failure is unreported. With any method a login that succeeded
   * unreported gives way to a new one.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`, or as `DeviceFlow.begin`
   */
  async beginOrJoin(wanted?: SignInMethod): Promise<StartedLogin> {
    const method = wanted ?? "auto";
    for (;;) {
      // No await without a result: a concurrent `cancel` must find this login.
      const unreported = this.#unreported;
      if (wanted !== undefined && unreported !== undefined && "tokens" in unreported.result) this.#forget();
      else if (unreported !== undefined) await this.#dropStaleResult();
      const current = this.#current;
      if (current === undefined) return this.#begin(method);
      const matches = method === "auto" || method === this.#method;
      const attempt = await current.catch((error: unknown) => {
        if (matches) throw error;
      });
      if (attempt === undefined || this.#current !== current) continue;
      const { pending } = attempt;
      if (matches || pending.method === method) return { ...attempt, joined: true };
      if (!pending.cancel("Another way to sign in was chosen.")) return { ...attempt, joined: true };
      this.#forget(pending);
    }
  }

  /**
   * Hands the pasted callback to the pending browser login, which may already have finished by the browser.
   *
   * @throws CodexError `AUTH_REQUIRED` without a pending login; otherwise as `BrowserLogin.finish`
   */
  async finish(pasted: string): Promise<StartedLogin> {
    await this.#dropStaleResult();
    const attempt = await this.#current?.catch(() => undefined);
    if (attempt === undefined) throw noPendingLogin();
    const { pending } = attempt;
    if (this.#unreported === undefined) {
      if (pending.method === "device") throw callbackNotSupported();
      await pending.finish(pasted);
    }
    return { ...attempt, joined: true };
  }

  /** The login's device code the first time, then undefined. */
  revealUserCode(pending: PendingLogin): string | undefined {
    if (pending.method !== "device" || this.#revealedCodes.has(pending)) return undefined;
    this.#revealedCodes.add(pending);
    return pending.userCode;
  }

  /**
   * Waits for the login. An abort by the call that began the login ends it too; one by a call that joined ends only the
   * wait.
   *
   * @param keepOnAbort whether the login stays pending after an abort for this reason
   * @param waitMs undefined: long enough for a user if a browser opened, else not at all
   * @throws the login's error, or the signal's reason
   */
  async wait(
    { pending, browserOpened, joined }: Pick<StartedLogin, "pending" | "browserOpened" | "joined">,
    waitMs: number | undefined,
    signal: AbortSignal,
    keepOnAbort: (reason: unknown) => boolean = () => false,
  ): Promise<LoginWait> {
    try {
      const completed = pending.completed.then(() => true);
      const opened = await raceSignal(Promise.race([browserOpened, completed]), signal);
      const ms = waitMs ?? (opened ? browserWaitMs : 0);
      const tokens = await withTimeout(pending.completed, ms, this.#deps.clock, signal);
      if (tokens === undefined) return { kind: "waiting", browserOpened: opened };
      this.#forget(pending);
      return { kind: "signed-in", tokens };
    } catch (error) {
      if (!signal.aborted) this.#forget(pending);
      else if (!joined && !keepOnAbort(signal.reason)) this.#end(pending, "The sign-in was cancelled.");
      throw error;
    }
  }

  /** Ends the pending login. Resolves once it can save nothing more; false if there was none, or it was too late. */
  async cancel(reason: string): Promise<boolean> {
    const { signal } = this.#aborter;
    this.#aborter.abort(new CodexError("CANCELLED", reason));
    // True: it was cancelled while it began.
    const attempt = await this.#current?.catch((error: unknown) => error === signal.reason);
    if (attempt === undefined || typeof attempt === "boolean") return attempt ?? false;
    const { pending } = attempt;
    const wasPending = this.pending !== undefined;
    this.#end(pending, reason);
    const stopped = await pending.completed.then(
      () => false,
      () => wasPending,
    );
    this.#forget(pending);
    return stopped;
  }

  #begin(method: SignInMethod): Promise<StartedLogin> {
    this.#method = method;
    this.#aborter = new AbortController();
    const beginning = this.#start.begin(method, this.#aborter.signal).then((started) => {
      if (this.#current === beginning) this.#pending = started.pending;
      return started;
    });
    this.#current = beginning;
    const report = (result: UnreportedLogin["result"]): void => {
      if (this.#current === beginning) this.#unreported = { at: this.#deps.clock.now(), result };
    };
    beginning.then(
      ({ pending }) => {
        pending.completed.then(
          (tokens) => {
            report({ tokens });
          },
          (error: unknown) => {
            report({ failure: toCodexError(error) });
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
    // At once, so that the next call begins another login instead of joining a closing one.
    if (pending.cancel(reason)) this.#forget(pending);
  }

  async #dropStaleResult(): Promise<void> {
    const unreported = this.#unreported;
    if (unreported === undefined || (await this.#isRecent(unreported))) return;
    if (this.#unreported === unreported) this.#forget();
  }

  /** False for an old or superseded result, which would only delay the next login. */
  async #isRecent({ at, result }: UnreportedLogin): Promise<boolean> {
    const { clock, limits, isStored } = this.#deps;
    const age = clock.now() - at;
    if (age < 0 || age > limits.loginTimeoutMs) return false;
    return "tokens" in result ? isStored(result.tokens) : result.failure.code !== "LOGIN_TIMEOUT";
  }

  #forget(pending = this.#pending): void {
    if (this.#pending !== pending) return;
    this.#current = undefined;
    this.#pending = undefined;
    this.#unreported = undefined;
  }
}
