import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { withTimeout } from "../../platform/promises.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, signIn } from "../../shared/next-step.ts";
import type { OAuthFlow } from "./browser-flow.ts";
import type { DeviceFlow } from "./device-flow.ts";
import type { PendingLogin } from "./login-attempt.ts";
import { planLogin, type LoginEnvironment, type LoginReason, type SignInMethod } from "./login-plan.ts";

/** An opener that has not failed by then has opened the browser. */
const openerGraceMs = 1_000;

export interface LoginStarterDeps {
  flow: Pick<OAuthFlow, "begin">;
  device: Pick<DeviceFlow, "begin">;
  /** Called for each login: a session can move between displays. */
  detectHost: () => Promise<LoginEnvironment>;
  /** Rejects if the browser did not open. */
  openBrowser: (url: string) => Promise<void>;
  clock: Clock;
  log: Log;
}

/** A pending login, for one call. */
export interface StartedLogin {
  pending: PendingLogin;
  /** An earlier call began it. */
  joined: boolean;
  /** Settles within a second. */
  browserOpened: Promise<boolean>;
  /** Why it is no login with an opened browser; undefined if it is one, or if a device login was requested. */
  reason: LoginReason | undefined;
}

/** Begins the login that fits the requested method and the host. */
export class LoginStarter {
  readonly #deps: LoginStarterDeps;

  constructor(deps: LoginStarterDeps) {
    this.#deps = deps;
  }

  /**
   * @param signal bounds the network requests until the login is pending
   * @throws CodexError `LOGIN_PORT_BUSY`, or as `DeviceFlow.begin`
   */
  async begin(method: SignInMethod, signal: AbortSignal): Promise<StartedLogin> {
    const { flow, detectHost } = this.#deps;
    const plan = planLogin(method, await detectHost());
    if (plan.method === "device") return this.#device(undefined, signal);
    try {
      const pending = await flow.begin();
      const because = plan.noBrowserReason;
      const reason = because && ({ kind: "no-browser", because } as const);
      const browserOpened = because ? Promise.resolve(false) : this.#open(pending.startUrl);
      return { pending, joined: false, browserOpened, reason };
    } catch (error) {
      const busy = error instanceof CodexError && error.code === "LOGIN_PORT_BUSY";
      if (!busy || method === "browser") throw error;
      return this.#deviceInstead(error, signal);
    }
  }

  async #deviceInstead(busy: CodexError, signal: AbortSignal): Promise<StartedLogin> {
    try {
      return await this.#device({ kind: "ports-busy", message: busy.message }, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof CodexError)) throw error;
      throw busy.with({
        why: `A device code was tried instead, and failed: ${error.message}`,
        next: [act("Close the program that holds a port (often another login)"), signIn],
        cause: error,
      });
    }
  }

  async #device(reason: LoginReason | undefined, signal: AbortSignal): Promise<StartedLogin> {
    const pending = await this.#deps.device.begin(signal);
    return { pending, joined: false, browserOpened: Promise.resolve(false), reason };
  }

  async #open(url: string): Promise<boolean> {
    const { openBrowser, clock, log } = this.#deps;
    try {
      await withTimeout(openBrowser(url), openerGraceMs, clock, new AbortController().signal);
      return true;
    } catch (error) {
      log("OAUTH", `no browser was opened: ${error instanceof Error ? error.name : "unknown"}`);
      return false;
    }
  }
}
