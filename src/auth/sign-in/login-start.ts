import { CodexError } from "../../shared/errors.ts";
import { act, signIn } from "../../shared/next-step.ts";
import { planLogin, type SignInMethod, type LoginReason, type LoginEnvironment } from "./login-plan.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { withTimeout } from "../../platform/promises.ts";
import type { DeviceFlow } from "./device-flow.ts";
import type { OAuthFlow } from "./browser-flow.ts";
import type { PendingLogin } from "./login-attempt.ts";

/** An opener that has not failed by then has become the browser. */
const openerGraceMs = 1_000;

export interface LoginStarterDeps {
  flow: Pick<OAuthFlow, "begin">;
  device: Pick<DeviceFlow, "begin">;
  /** Looked at for each login: a session moves between machines' screens. */
  detectHost: () => Promise<LoginEnvironment>;
  /** Rejects when the browser did not open. */
  openBrowser: (url: string) => Promise<void>;
  clock: Clock;
  log: Log;
}

/** A login under way, as a call sees it. */
export interface StartedLogin {
  pending: PendingLogin;
  /** An earlier call began it. */
  joined: boolean;
  /** Known within a second; the URL is there at once. */
  browserOpened: Promise<boolean>;
  /** Why it is not a login with the browser opened; undefined when it is, or was asked for. */
  reason: LoginReason | undefined;
}

/** Begins the login that suits the wish and the machine. */
export class LoginStarter {
  readonly #deps: LoginStarterDeps;

  constructor(deps: LoginStarterDeps) {
    this.#deps = deps;
  }

  /**
   * @param signal bounds what is asked over the network before the login is there
   * @throws CodexError `LOGIN_PORT_BUSY`, or what `DeviceFlow.begin` throws
   */
  async begin(method: SignInMethod, signal: AbortSignal): Promise<StartedLogin> {
    const { flow, detectHost: detectHost } = this.#deps;
    const plan = planLogin(method, await detectHost());
    if (plan.method === "device") return this.#device(undefined, signal);
    try {
      const pending = await flow.begin();
      if (plan.noBrowserReason === undefined) {
        const browserOpened = this.#open(pending.authorizationUrl);
        return { pending, joined: false, browserOpened, reason: undefined };
      }
      const reason = { kind: "no-browser", because: plan.noBrowserReason } as const;
      return { pending, joined: false, browserOpened: Promise.resolve(false), reason };
    } catch (error) {
      if (!(error instanceof CodexError) || error.code !== "LOGIN_PORT_BUSY") throw error;
      if (method === "browser") throw error;
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
