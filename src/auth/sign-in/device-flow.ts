import { deviceRedirectPath, deviceVerificationPath } from "../../api/constants.ts";
import { sleep } from "../../platform/clock.ts";
import { CodexError } from "../../shared/errors.ts";
import { deviceSignIn } from "../../shared/next-step.ts";
import type { Limits } from "../../shared/limits.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import type { DeviceEndpoint } from "./device-endpoint.ts";
import type { DeviceCode, DeviceGrant } from "./device-messages.ts";
import { LoginAttempt, type DeviceLogin, type LoginAttemptDeps } from "./login-attempt.ts";

/** RFC 8628 §3.5: each `slow_down` adds it to the interval for good. */
const slowDownMs = 5_000;
/** Limit of the exponential back-off; a longer interval or Retry-After of the server still counts. */
const maxBackOffMs = 60_000;
/** Consecutive polls that Cloudflare may block: an approval could not be seen either. */
const maxBlocked = 3;

interface DeviceFlowDeps extends LoginAttemptDeps {
  issuer: string;
  endpoint: Pick<DeviceEndpoint, "requestCode" | "poll">;
  tokens: Pick<TokenEndpoint, "exchangeCode">;
  /** Rejects if tokens could not be saved, so that the user learns it before approving. */
  rehearse: () => Promise<void>;
  limits: Pick<Limits, "deviceLoginTimeoutMs">;
}

/** Login by a code that the user enters on any device (docs/wire.md §18, similar to RFC 8628). */
export class DeviceFlow {
  readonly #deps: DeviceFlowDeps;

  constructor(deps: DeviceFlowDeps) {
    this.#deps = deps;
  }

  /**
   * Gets a code, then polls the server in the background until the login ends.
   *
   * @param signal bounds the request for the code only
   * @throws CodexError `STORAGE`, and as `DeviceEndpoint.requestCode`
   */
  async begin(signal: AbortSignal): Promise<DeviceLogin> {
    const { issuer, endpoint, limits, rehearse, log } = this.#deps;
    await rehearse();
    const device = await endpoint.requestCode(signal);
    const timeoutMs = Math.min(device.lifetimeMs ?? Infinity, limits.deviceLoginTimeoutMs);
    let lastError: CodexError | undefined;
    const timeoutError = (): CodexError =>
      new CodexError("LOGIN_TIMEOUT", "Nobody entered the code in time.", {
        why: lastError && `The last poll failed: ${lastError.message}`,
        next: [deviceSignIn],
      });
    const attempt = new LoginAttempt(this.#deps, timeoutMs, timeoutError);
    log("OAUTH", `a device code waits to be entered, polled every ${device.intervalMs} ms`);
    const onPolled = (error: CodexError | undefined): void => {
      lastError = error;
    };
    this.#poll(device, attempt.signal, onPolled).then(
      (grant) => this.#exchange(grant, attempt),
      (error: unknown) => {
        if (attempt.signal.aborted) return;
        log("OAUTH", `the device sign-in failed: ${String(error)}`);
        attempt.end(error);
      },
    );
    return {
      method: "device",
      verificationUrl: `${issuer}${deviceVerificationPath}`,
      userCode: device.userCode,
      startedAt: attempt.startedAt,
      endsAt: attempt.endsAt,
      completed: attempt.completed,
      cancel: (reason) => attempt.cancel(reason),
    };
  }

  async #exchange({ code, codeVerifier }: DeviceGrant, attempt: LoginAttempt): Promise<void> {
    const { issuer, tokens } = this.#deps;
    const request = { code, redirectUri: `${issuer}${deviceRedirectPath}`, codeVerifier };
    // `completed` has the outcome.
    await attempt.complete((signal) => tokens.exchangeCode(request, signal)).catch(() => undefined);
  }

  /**
   * Polls until the user has approved.
   *
   * @param onPolled gets each poll's transient error, undefined without one
   * @throws CodexError as `DeviceEndpoint.poll`, and `BLOCKED`
   */
  async #poll(
    device: DeviceCode,
    signal: AbortSignal,
    onPolled: (error: CodexError | undefined) => void,
  ): Promise<DeviceGrant> {
    const { endpoint, clock, limits } = this.#deps;
    let { intervalMs } = device;
    let failures = 0;
    let blocked = 0;
    let pauseMs = intervalMs;
    for (;;) {
      await sleep(clock, Math.min(pauseMs, limits.deviceLoginTimeoutMs), signal);
      const poll = await endpoint.poll(device, signal);
      if (poll.kind === "approved") return poll;
      if (poll.kind === "slow-down") intervalMs += slowDownMs;
      const error = poll.kind === "transient-error" ? poll.error : undefined;
      onPolled(error);
      blocked = error?.code === "BLOCKED" ? blocked + 1 : 0;
      if (error !== undefined && blocked >= maxBlocked) throw error;
      failures = error === undefined ? 0 : failures + 1;
      const backOffMs = Math.max(intervalMs, Math.min(maxBackOffMs, intervalMs * 2 ** failures));
      pauseMs = Math.max(backOffMs, error?.details.retryAfterMs ?? 0);
    }
  }
}
