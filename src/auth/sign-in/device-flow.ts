import { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { sleep, type Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { deviceRedirectPath, deviceVerificationPath } from "../../api/constants.ts";
import type { DeviceCode, DeviceGrant } from "./device-messages.ts";
import type { CodeExchangeResponse } from "../oauth/oauth-messages.ts";
import type { DeviceEndpoint } from "./device-endpoint.ts";
import { LoginAttempt, type DeviceLogin, type LoginAttemptDeps } from "./login-attempt.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";

/** RFC 8628 §3.5: added to the interval for good, at each `slow_down`. */
const slowDownMs = 5_000;
/** A server in trouble is asked ever more rarely, but never more rarely than this by ourselves. */
const maxBackOffMs = 60_000;
/** So many polls in a row that Cloudflare answers: the person's approval could not be seen either. */
const maxBlocked = 3;

export interface DeviceFlowDeps {
  issuer: string;
  endpoint: Pick<DeviceEndpoint, "requestCode" | "poll">;
  tokens: Pick<TokenEndpoint, "exchangeCode">;
  /** Keeps the tokens. */
  save: (grant: CodeExchangeResponse) => Promise<TokenSet>;
  /** Rejects when tokens could not be kept: found out before a person has approved. */
  rehearse: () => Promise<void>;
  orphanedTokens: LoginAttemptDeps["orphanedTokens"];
  clock: Clock;
  limits: Pick<Limits, "deviceLoginTimeoutMs">;
  log: Log;
}

/** Login by a code that the person enters on any device (RFC 8628 in spirit, docs/wire.md §18). */
export class DeviceFlow {
  readonly #deps: DeviceFlowDeps;

  constructor(deps: DeviceFlowDeps) {
    this.#deps = deps;
  }

  /**
   * Get a code; from then on the server is polled in the background until the login ends. The
   * signal bounds only the request for the code.
   *
   * @throws CodexError `STORAGE`, and as `DeviceEndpoint.requestCode` does
   */
  async begin(signal: AbortSignal): Promise<DeviceLogin> {
    const { issuer, endpoint, clock, limits, save, orphanedTokens, log } = this.#deps;
    await this.#deps.rehearse();
    const device = await endpoint.requestCode(signal);
    let trouble: CodexError | undefined;
    const run = new LoginAttempt({
      clock,
      timeoutMs: limits.deviceLoginTimeoutMs,
      timeoutError: () =>
        new CodexError("LOGIN_TIMEOUT", "Nobody entered the code in time.", {
          why: trouble && `The last poll failed: ${trouble.message}`,
          next: [{ do: "sign-in", method: "device" }],
        }),
      save,
      orphanedTokens,
      log,
    });
    log("OAUTH", `a device code waits to be entered, polled every ${device.intervalMs} ms`);
    const note = (error: CodexError | undefined): void => {
      trouble = error;
    };
    this.#granted(device, run.signal, note).then(
      (grant) => this.#exchange(grant, run),
      (error: unknown) => {
        if (run.signal.aborted) return;
        log("OAUTH", `the device sign-in failed: ${String(error)}`);
        run.end(error);
      },
    );
    return {
      method: "device",
      verificationUrl: `${issuer}${deviceVerificationPath}`,
      userCode: device.userCode,
      startedAt: run.startedAt,
      endsAt: run.endsAt,
      completed: run.completed,
      cancel: (reason) => run.end(new CodexError("CANCELLED", reason)),
    };
  }

  async #exchange({ code, codeVerifier }: DeviceGrant, run: LoginAttempt): Promise<void> {
    const { issuer, tokens } = this.#deps;
    const request = { code, redirectUri: `${issuer}${deviceRedirectPath}`, codeVerifier };
    // How it ends is told by `completed`.
    await run.complete((signal) => tokens.exchangeCode(request, signal)).catch(() => undefined);
  }

  /**
   * Poll until the person has approved; troubles that may pass are only noted.
   *
   * @throws CodexError as `DeviceEndpoint.poll` does, and `BLOCKED`
   */
  async #granted(
    device: DeviceCode,
    signal: AbortSignal,
    note: (trouble: CodexError | undefined) => void,
  ): Promise<DeviceGrant> {
    const { endpoint, clock, limits } = this.#deps;
    let { intervalMs } = device;
    let failures = 0;
    let blocked = 0;
    let pauseMs = intervalMs;
    for (;;) {
      await sleep(clock, Math.min(pauseMs, limits.deviceLoginTimeoutMs), signal);
      const poll = await endpoint.poll(device, signal);
      if (poll.kind === "granted") return poll;
      if (poll.kind === "slow-down") intervalMs += slowDownMs;
      const trouble = poll.kind === "trouble" ? poll.error : undefined;
      note(trouble);
      blocked = trouble?.code === "BLOCKED" ? blocked + 1 : 0;
      if (trouble !== undefined && blocked >= maxBlocked) throw trouble;
      failures = trouble === undefined ? 0 : failures + 1;
      const backOffMs = Math.max(intervalMs, Math.min(maxBackOffMs, intervalMs * 2 ** failures));
      pauseMs = Math.max(backOffMs, trouble?.details.retryAfterMs ?? 0);
    }
  }
}
