import { CodexError } from "../../shared/errors.ts";
import { either, type NextSteps } from "../../shared/next-step.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Http, TextResponse } from "../../http/http.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { clientId, deviceCodePath, devicePollPath, originator } from "../../api/constants.ts";
import {
  devicePollCodes,
  readDeviceCode,
  readDeviceGrant,
  type DeviceCode,
  type DeviceGrant,
} from "./device-messages.ts";
import { parseRetryAfter } from "../../api/error-body.ts";
import { parseJson } from "../../shared/json.ts";
import { oauthErrorCode } from "../oauth/oauth-messages.ts";
import { gatewayError, isRedirect, redirected } from "../oauth/token-errors.ts";

export interface DeviceEndpointDeps {
  issuer: string;
  http: Pick<Http, "fetchText">;
  limits: Pick<Limits, "maxTokenResponseBytes" | "tokenRequestTimeoutMs">;
  redactor: Redactor;
  userAgent: string;
  now: () => number;
}

/** How a poll stands; what ends the login is thrown. */
export type DevicePoll =
  | { kind: "pending" }
  /** The server wants longer pauses for good. */
  | { kind: "slow-down" }
  /** Something that may pass; the next poll should be later. */
  | { kind: "trouble"; error: CodexError }
  | ({ kind: "granted" } & DeviceGrant);

const browserSignIn: NextSteps = [{ do: "sign-in", method: "browser" }];
const signInSteps: NextSteps = [either({ do: "sign-in", method: "device" }, browserSignIn)];

/** The two requests of the device login, as judged answers (docs/wire.md §18, RFC 8628). */
export class DeviceEndpoint {
  readonly #deps: DeviceEndpointDeps;

  constructor(deps: DeviceEndpointDeps) {
    this.#deps = deps;
  }

  /**
   * Ask for a code that the person types in.
   *
   * @throws CodexError `AUTH_DENIED` where this is switched off, `PROTOCOL`, `NETWORK`, `TIMEOUT`,
   *   `UPSTREAM`, `BLOCKED`, `RATE_LIMITED`; or the signal's reason.
   */
  async requestCode(signal: AbortSignal): Promise<DeviceCode> {
    const response = await this.#post(deviceCodePath, { client_id: clientId }, signal);
    if (response.status !== 200) throw this.#codeRefusal(response);
    const device = readDeviceCode(parseJson(response.text));
    if (device === undefined) throw malformedResponse("device code");
    this.#deps.redactor.addSecrets(device.deviceAuthId);
    return device;
  }

  /**
   * Ask once whether the person has entered the code.
   *
   * @throws CodexError when the login is over: `AUTH_DENIED`, `LOGIN_TIMEOUT`, `PROTOCOL`, `UPSTREAM`
   *   (a redirect), `NETWORK` (no trusted certificate); or the signal's reason.
   */
  async poll({ deviceAuthId, userCode }: DeviceCode, signal: AbortSignal): Promise<DevicePoll> {
    const body = { device_auth_id: deviceAuthId, user_code: userCode };
    let response: TextResponse;
    try {
      response = await this.#post(devicePollPath, body, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof CodexError) || isLasting(error)) throw error;
      return { kind: "trouble", error };
    }
    if (response.status !== 200) return this.#judgePoll(response);
    const grant = readDeviceGrant(parseJson(response.text));
    if (grant === undefined) throw malformedResponse("device sign-in");
    this.#deps.redactor.addSecrets(grant.code, grant.codeVerifier);
    return { kind: "granted", ...grant };
  }

  #judgePoll(response: TextResponse): DevicePoll {
    const { status } = response;
    const passing = this.#passing(response);
    const code = oauthErrorCode(parseJson(response.text));
    const meaning = Object.hasOwn(devicePollCodes, code ?? "") ? devicePollCodes[code ?? ""] : undefined;
    switch (meaning) {
      case "pending":
      case "slow-down":
        return { kind: meaning };
      case "expired":
        throw new CodexError("LOGIN_TIMEOUT", "The code has expired before it was entered.", {
          next: signInSteps,
        });
      case "denied":
        throw new CodexError("AUTH_DENIED", "The sign-in was refused where the code was entered.", {
          next: signInSteps,
        });
      case undefined:
        break;
    }
    if (passing !== undefined) return { kind: "trouble", error: passing };
    // The server says no more while nobody has entered the code.
    if (status === 403 || status === 404) return { kind: "pending" };
    if (isRedirect(status)) throw redirected(status);
    throw new CodexError("AUTH_DENIED", "The authorization server ended this device sign-in.", {
      why: `It answered HTTP ${status}.`,
      next: signInSteps,
    });
  }

  #codeRefusal(response: TextResponse): CodexError {
    const { status } = response;
    if (status === 404) {
      return new CodexError("AUTH_DENIED", "Signing in with a device code is switched off at this server.", {
        next: browserSignIn,
      });
    }
    if (isRedirect(status)) return redirected(status);
    return (
      this.#passing(response) ??
      new CodexError("AUTH_DENIED", "The authorization server gave no device code.", {
        why: `It answered HTTP ${status}.`,
        next: browserSignIn,
      })
    );
  }

  /** What says nothing about the login itself: a proxy's page, a limit, a failure of the server. */
  #passing(response: TextResponse): CodexError | undefined {
    const now = this.#deps.now();
    const { status, headers } = response;
    const held = gatewayError(response, now);
    if (held !== undefined || status < 500) return held;
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
      {
        maxBytes: limits.maxTokenResponseBytes,
        timeoutMs: limits.tokenRequestTimeoutMs,
        signal,
      },
    );
  }
}

/** What the next poll would meet again. */
function isLasting({ code, details }: CodexError): boolean {
  return !["NETWORK", "TIMEOUT"].includes(code) || details.retryable === false;
}

function malformedResponse(what: string): CodexError {
  return new CodexError(
    "PROTOCOL",
    `The authorization server's answer about the ${what} does not have the known form.`,
    { next: browserSignIn },
  );
}
