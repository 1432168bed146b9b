import * as z from "zod";

/** Anything that can travel in a header; a token with other characters would leak into error texts. */
export const tokenString = z
  .string()
  .min(1)
  .max(100_000)
  .regex(/^[\x21-\x7e]+$/);

/** Seconds (RFC 6749 §5.1); more than a century is not a lifetime but a mistake. */
const expiresIn = z.number().positive().max(3_200_000_000).optional().catch(undefined);

/** Answer to a code exchange: all three tokens are required (RFC 6749 §5.1, docs/wire.md §3). */
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
 * Answer to a refresh: what is missing keeps its old value (docs/wire.md §4). What is there in a
 * wrong form counts as missing: the rest is the only thing that a spent token was good for.
 */
export type RefreshResponse = {
  [Name in keyof CodeExchangeResponse]?: CodeExchangeResponse[Name] | undefined;
};
export const refreshResponse: z.ZodType<RefreshResponse> = z.object({
  access_token: tokenString.optional().catch(undefined),
  refresh_token: tokenString.optional().catch(undefined),
  id_token: tokenString.optional().catch(undefined),
  expires_in: expiresIn,
});

const errorBody = z.object({
  error: z
    .union([z.string(), z.object({ code: z.string().nullish(), message: z.string().nullish() }).loose()])
    .optional(),
  error_description: z.string().optional(),
  code: z.string().optional(),
});

/** The machine-readable code of a token endpoint's refusal, lower-cased, in either of its shapes. */
export function oauthErrorCode(body: unknown): string | undefined {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return undefined;
  const { error, code } = parsed.data;
  const found = typeof error === "string" ? error : (error?.code ?? code);
  return found?.toLowerCase();
}

/** Codes after which a refresh token can never work again (docs/wire.md §4). */
export const permanentRefreshErrors: ReadonlySet<string> = new Set([
  "refresh_token_expired",
  "refresh_token_reused",
  "refresh_token_invalidated",
  "invalid_grant",
]);
