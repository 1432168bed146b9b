import { randomBytes } from "node:crypto";

import { devicePendingBody, errorBody } from "./bodies.ts";
import { s256 } from "./codes.ts";
import { CLIENT_ID, DEFAULT_SCOPE } from "./constants.ts";
import type { PlainReply } from "./reply.ts";
import type { SimState } from "./state.ts";
import { fieldsOf } from "./token-endpoint.ts";
import type { RecordedRequest } from "./types.ts";

/** `POST /api/accounts/deviceauth/usercode`. */
export function userCode(state: SimState, request: RecordedRequest): PlainReply {
  if (fieldsOf(request)["client_id"] !== CLIENT_ID || request.json === undefined) {
    return failure(400, "invalid_request", "client_id is unknown");
  }
  const device = state.devices.create();
  const body = {
    device_auth_id: device.deviceAuthId,
    user_code: device.userCode,
    interval: state.switches.deviceInterval, // a string; clients have been seen to insist on it
  };
  return { kind: "json", body };
}

/**
 * `POST /api/accounts/deviceauth/token`.
 *
 * 403 is "not yet". What the real service says to a denied or expired code is not public: 400 with
 * the codes that clients look for.
 */
export function deviceToken(state: SimState, request: RecordedRequest): PlainReply {
  const fields = fieldsOf(request);
  if (request.json === undefined) {
    return failure(400, "invalid_request", "The body must be JSON.");
  }
  const device = state.devices.find(fields["device_auth_id"] ?? "", fields["user_code"] ?? "");
  if (device === undefined || device.spent === true) {
    return failure(400, "deviceauth_invalid", "The device authorization does not exist.");
  }
  if (device.expiresAt <= state.now()) {
    return failure(400, "deviceauth_expired", "The device code has expired.");
  }
  if (device.decision === "deny") {
    return failure(400, "access_denied", "The user denied the request.");
  }
  if (device.decision === undefined) return { kind: "json", status: 403, body: devicePendingBody() };

  device.spent = true;
  // Here the server makes the PKCE pair, and the client only passes the verifier on.
  const codeVerifier = randomBytes(48).toString("base64url");
  state.secrets.add(codeVerifier);
  const code = state.codes.create({
    redirectUri: `${state.issuer}/deviceauth/callback`,
    codeChallenge: s256(codeVerifier),
    scope: DEFAULT_SCOPE,
    account: state.account,
  });
  return {
    kind: "json",
    body: {
      authorization_code: code,
      code_challenge: s256(codeVerifier),
      code_verifier: codeVerifier,
    },
  };
}

function failure(status: number, code: string, message: string): PlainReply {
  return { kind: "json", status, body: errorBody({ message, code }) };
}
