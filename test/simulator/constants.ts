/** The public client of Codex: no secret goes with it. */
export const CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann";

/** Scopes that the client may ask for; anything else is `invalid_scope` (docs/wire.md). */
export const ALLOWED_SCOPES: ReadonlySet<string> = new Set([
  "openid",
  "profile",
  "email",
  "offline_access",
  "api.connectors.read",
  "api.connectors.invoke",
]);

export const DEFAULT_SCOPE = "openid profile email offline_access";

export const TOKEN_LIFETIME_MS = 10 * 24 * 60 * 60 * 1000;

/** RFC 6749 §4.1.2 recommends ten minutes at most. */
export const CODE_LIFETIME_MS = 10 * 60 * 1000;

export const DEVICE_LIFETIME_MS = 15 * 60 * 1000;

/** Above it the answer is 413; the real limit is near 15 MiB. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
