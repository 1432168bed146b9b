import { clientId, deviceCodePath, devicePollPath, originator } from "../../api/constants.ts";
import { parseRetryAfter } from "../../api/error-body.ts";
import type { Http, TextResponse } from "../../http/http.ts";
import { CodexError } from "../../shared/errors.ts";
import { parseJson } from "../../shared/json.ts";
import type { Limits } from "../../shared/limits.ts";
import { browserSignIn, deviceSignIn, either } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { oauthErrorCode } from "../oauth/oauth-messages.ts";
import { gatewayError, isRedirect, redirected } from "../oauth/token-errors.ts";
import {
  devicePollCodes,
  readDeviceCode,
  readDeviceGrant,
  type DeviceCode,
  type DeviceGrant,
} from "./device-messages.ts";

interface DeviceEndpointDeps {
  issuer: string;
  http: Pick<Http, "fetchText">;
  limits: Pick<Limits, "maxTokenResponseBytes" | "tokenRequestTimeoutMs">;
  redactor: Redactor;
  userAgent: string;
  now: () => number;
}

/** The outcome of a poll; an error that ends the login is thrown. */
type DevicePoll =
  | { kind: "pending" }
  /** The interval must grow for good. */
  | { kind: "slow-down" }
  /** The next poll may succeed, but should be later. */
  | { kind: "transient-error"; error: CodexError }
  | ({ kind: "approved" } & DeviceGrant);

/** The two requests of the device login (docs/wire.md §18, RFC 8628). */
export class DeviceEndpoint {
  readonly #deps: DeviceEndpointDeps;

  constructor(deps: DeviceEndpointDeps) {
    this.#deps = deps;
  }

  /**
   * Requests a code for the user to enter.
   *
   * @throws CodexError `AUTH_DENIED` if device codes are disabled, `PROTOCOL`, `NETWORK`, `TIMEOUT`, `UPSTREAM`,
   *   `BLOCKED`, `RATE_LIMITED`; or the signal's reason
   */
  async requestCode(signal: AbortSignal): Promise<DeviceCode> {
    const response = await this.#post(deviceCodePath, { client_id: clientId }, signal);
    if (response.status !== 200) throw this.#codeError(response);
    const date = Date.parse(response.headers["date"]?.toString() ?? "");
    const device = readDeviceCode(parseJson(response.text), Number.isNaN(date) ? this.#deps.now() : date);
    if (device === undefined) throw this.#transientError(response) ?? malformedResponse("device code");
    this.#deps.redactor.addSecrets(device.deviceAuthId);
    return device;
  }

  /**
   * Asks once whether the user has entered the code.
   *
   * @throws CodexError if the login is over: `AUTH_DENIED`, `LOGIN_TIMEOUT`, `PROTOCOL`, `UPSTREAM` (a redirect),
   *   `NETWORK` (no trusted certificate); or the signal's reason
   */
  async poll({ deviceAuthId, userCode }: DeviceCode, signal: AbortSignal): Promise<DevicePoll> {
    const body = { device_auth_id: deviceAuthId, user_code: userCode };
    let response: TextResponse;
    try {
      response = await this.#post(devicePollPath, body, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof CodexError) || isPermanent(error)) throw error;
      return { kind: "transient-error", error };
    }
    if (response.status !== 200) return this.#readPollError(response);
    const grant = readDeviceGrant(parseJson(response.text));
    if (grant === undefined) {
      const error = this.#transientError(response);
      if (error !== undefined) return { kind: "transient-error", error };
      throw malformedResponse("device sign-in");
    }
    this.#deps.redactor.addSecrets(grant.code, grant.codeVerifier);
    return { kind: "approved", ...grant };
  }

  #readPollError(response: TextResponse): DevicePoll {
    const { status } = response;
    const code = oauthErrorCode(parseJson(response.text)) ?? "";
    const next = [either(deviceSignIn, browserSignIn)];
    switch (Object.hasOwn(devicePollCodes, code) ? devicePollCodes[code] : undefined) {
      case "pending":
        return { kind: "pending" };
      case "slow-down":
        return { kind: "slow-down" };
      case "expired":
        throw new CodexError("LOGIN_TIMEOUT", "The code has expired before it was entered.", { next });
      case "denied":
        throw new CodexError("AUTH_DENIED", "The sign-in was refused where the code was entered.", { next });
      case undefined:
        break;
    }
    const error = this.#transientError(response);
    if (error !== undefined) return { kind: "transient-error", error };
    // Until the user has entered the code, the server may answer with these and no error code.
    if (status === 403 || status === 404) return { kind: "pending" };
    if (isRedirect(status)) throw redirected(status);
    throw new CodexError("AUTH_DENIED", "The authorization server ended this device sign-in.", {
      why: `It answered HTTP ${status}.`,
      next,
    });
  }

  #codeError(response: TextResponse): CodexError {
    const { status } = response;
    const next = [browserSignIn];
    if (status === 404) {
      return new CodexError("AUTH_DENIED", "Signing in with a device code is switched off at this server.", { next });
    }
    if (isRedirect(status)) return redirected(status);
    const why = `It answered HTTP ${status}.`;
    return (
      this.#transientError(response) ??
      new CodexError("AUTH_DENIED", "The authorization server gave no device code.", { why, next })
    );
  }

  /** An error that doesn't concern the login itself: a proxy's page, a rate limit, a failure of the server. */
  #transientError(response: TextResponse): CodexError | undefined {
    const now = this.#deps.now();
    const { status, headers } = response;
    const fromGateway = gatewayError(response, now);
    if (fromGateway !== undefined || status < 500) return fromGateway;
    return new CodexError("UPSTREAM", `The authorization server failed (HTTP ${status}).`, {
      retryAfterMs: parseRetryAfter(headers["retry-after"]?.toString(), now),
    });
  }

  #post(path: string, body: object, signal: AbortSignal): Promise<TextResponse> {
    const { issuer, http, limits, userAgent } = this.#deps;
    return http.fetchText(
      {
        method: "POST",
        url: `${issuer}${path}`,
        headers: {
          "content-type": "application/json",
          accept: "application/json",
          originator,
          "user-agent": userAgent,
        },
        body: JSON.stringify(body),
      },
      { maxBytes: limits.maxTokenResponseBytes, timeoutMs: limits.tokenRequestTimeoutMs, signal },
    );
  }
}

/** The next poll would fail the same way. */
function isPermanent({ code, details }: CodexError): boolean {
  return !["NETWORK", "TIMEOUT"].includes(code) || details.retryable === false;
}

function malformedResponse(what: string): CodexError {
  return new CodexError(
    "PROTOCOL",
    `The authorization server's answer about the ${what} does not have the known form.`,
    { next: [browserSignIn] },
  );
}
