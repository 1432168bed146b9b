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

const seconds = z.coerce.number().positive();
/** A date (RFC 3339) or Unix seconds, to epoch ms. */
const moment = z
  .union([seconds.transform((value) => value * 1000), z.string().transform((text) => Date.parse(text))])
  .refine(Number.isFinite)
  .optional()
  .catch(undefined);

const deviceCodeResponse = z.object({
  device_auth_id: tokenString.max(2_000),
  user_code: userCode.optional(),
  usercode: userCode.optional(),
  interval,
  expires_at: moment,
  expires_in: seconds.optional().catch(undefined),
});

/** A device login that the server has begun. */
export interface DeviceCode {
  deviceAuthId: string;
  userCode: string;
  /** The shortest time between two polls, in ms. */
  intervalMs: number;
  /** How long the code is valid, if the server says so. */
  lifetimeMs: number | undefined;
}

/**
 * Parses the response of the usercode endpoint (docs/wire.md §18); undefined if it is malformed.
 *
 * @param serverNow the server's time of the response, epoch ms
 */
export function readDeviceCode(body: unknown, serverNow: number): DeviceCode | undefined {
  const parsed = deviceCodeResponse.safeParse(body);
  if (!parsed.success) return undefined;
  const { device_auth_id: deviceAuthId, user_code, usercode, interval: intervalMs } = parsed.data;
  const code = user_code ?? usercode;
  if (code === undefined) return undefined;
  const { expires_at: end, expires_in: lifetime } = parsed.data;
  const left = end === undefined ? (lifetime ?? 0) * 1000 : end - serverNow;
  return { deviceAuthId, userCode: code, intervalMs, lifetimeMs: left > 0 ? left : undefined };
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
