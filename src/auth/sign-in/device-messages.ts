import * as z from "zod";
import { tokenString } from "../oauth/oauth-messages.ts";

const defaultIntervalMs = 5_000;
/** The meaning of a server's "0" is unknown, but surely isn't a flood of requests. */
const minIntervalMs = 1_000;
/** Longer than any code is valid; timers have a limit of weeks. */
const maxIntervalSeconds = 3_600;

/** Seconds as a string (docs/wire.md §18) or a number, to ms; anything else is 5 s. */
const interval = z
  .union([z.string().regex(/^\s*\d{1,6}(\.\d{1,3})?\s*$/), z.number()])
  .transform(Number)
  .refine((seconds) => seconds > 0 && seconds <= maxIntervalSeconds)
  .transform((seconds) => Math.max(minIntervalMs, Math.ceil(seconds * 1000)))
  .catch(defaultIntervalMs);

/** The user types it, and a terminal shows it. */
const userCode = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9 -]{2,30})[A-Za-z0-9]$/);

const deviceCodeResponse = z.object({
  device_auth_id: tokenString.max(2_000),
  user_code: userCode.optional(),
  usercode: userCode.optional(),
  interval,
});

/** A device login that the server has begun. */
export interface DeviceCode {
  deviceAuthId: string;
  userCode: string;
  /** The shortest time between two polls, in ms. */
  intervalMs: number;
}

/** Parses the response of the usercode endpoint (docs/wire.md §18); undefined if it is malformed. */
export function readDeviceCode(body: unknown): DeviceCode | undefined {
  const parsed = deviceCodeResponse.safeParse(body);
  if (!parsed.success) return undefined;
  const { device_auth_id: deviceAuthId, user_code, usercode, interval: intervalMs } = parsed.data;
  const code = user_code ?? usercode;
  return code === undefined ? undefined : { deviceAuthId, userCode: code, intervalMs };
}

const grantResponse = z.object({ authorization_code: tokenString, code_verifier: tokenString });

/** The response to a poll once the user has approved; the server made the PKCE pair. */
export interface DeviceGrant {
  code: string;
  codeVerifier: string;
}

export function readDeviceGrant(body: unknown): DeviceGrant | undefined {
  const parsed = grantResponse.safeParse(body);
  if (!parsed.success) return undefined;
  return { code: parsed.data.authorization_code, codeVerifier: parsed.data.code_verifier };
}

/** The meaning of a poll's error codes (RFC 8628 §3.5, docs/wire.md §18). */
export const devicePollCodes: Readonly<Record<string, "pending" | "slow-down" | "expired" | "denied">> = {
  authorization_pending: "pending",
  deviceauth_authorization_unknown: "pending",
  slow_down: "slow-down",
  expired_token: "expired",
  deviceauth_expired: "expired",
  access_denied: "denied",
};
