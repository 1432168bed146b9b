import * as z from "zod";

/** What can travel in a header; a token with other characters would leak into error texts. */
export const tokenString = z
  .string()
  .min(1)
  .max(100_000)
  .regex(/^[\x21-\x7e]+$/);

/** Seconds (RFC 6749 §5.1); more than a century is a mistake. */
const expiresIn = z.number().positive().max(3_200_000_000).optional().catch(undefined);

/** Response to a code exchange, with all three tokens (RFC 6749 §5.1, docs/wire.md §3). */
export interface CodeExchangeResponse {
  access_token: string;
  refresh_token: string;
  id_token: string;
  /** Seconds. */
  expires_in?: number | undefined;
}
export const codeExchangeResponse: z.ZodType<CodeExchangeResponse> = z.object({
  access_token: tokenString,
  refresh_token: tokenString,
  id_token: tokenString,
  expires_in: expiresIn,
});

/**
 * Response to a refresh: a missing field keeps its old value (docs/wire.md §4). A malformed field counts as missing,
 * because the others are all that is left of a used refresh token.
 */
export type RefreshResponse = {
  [Name in keyof CodeExchangeResponse]?: CodeExchangeResponse[Name] | undefined;
};
const optionalToken = tokenString.optional().catch(undefined);
export const refreshResponse: z.ZodType<RefreshResponse> = z.object({
  access_token: optionalToken,
  refresh_token: optionalToken,
  id_token: optionalToken,
  expires_in: expiresIn,
});

const errorBody = z.object({
  error: z
    .union([z.string(), z.object({ code: z.string().nullish(), message: z.string().nullish() }).loose()])
    .optional(),
  error_description: z.string().optional(),
  code: z.string().optional(),
});

/** Codes after which a refresh token never works again (docs/wire.md §4). */
export const permanentRefreshErrors: ReadonlySet<string> = new Set([
  "refresh_token_expired",
  "refresh_token_reused",
  "refresh_token_invalidated",
  "invalid_grant",
]);

/** The codes that are acted on or shown: any other text may be an echo of what was sent, such as a token. */
const knownCodes: ReadonlySet<string> = new Set([
  ...permanentRefreshErrors,
  // RFC 6749 §5.2, RFC 7009 §2.2.1
  "invalid_request",
  "invalid_client",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
  "unsupported_token_type",
  // RFC 6749 §4.1.2.1
  "server_error",
  "temporarily_unavailable",
  // RFC 8628 §3.5, docs/wire.md §18
  "authorization_pending",
  "slow_down",
  "expired_token",
  "access_denied",
  "deviceauth_authorization_unknown",
  "deviceauth_expired",
  // docs/wire.md §3, §4
  "token_exchange_user_error",
  "empty_string",
]);

/** The error code of a token endpoint's response, lower-cased, if it is a known one: `error`, `error.code` or `code`. */
export function oauthErrorCode(body: unknown): string | undefined {
  const { error, code } = errorBody.safeParse(body).data ?? {};
  const found = (typeof error === "string" ? error : (error?.code ?? code))?.toLowerCase();
  return found !== undefined && knownCodes.has(found) ? found : undefined;
}
