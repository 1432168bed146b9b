/** Fixed values of the two services; sources and dates are in docs/wire.md §1, §8, §11, §18 and §19. */
export const defaultIssuer = "https://auth.openai.com";
export const defaultApiBaseUrl = "https://api.openai.com/v1";
export const defaultBaseUrl = "https://chatgpt.com/backend-api";

/** The public OAuth client ID of Codex clients; it has no secret (docs/wire.md §1). */
export const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";
export const scopes = "openid profile email offline_access";

/** Redirect ports that are registered for the client. */
export const registeredPorts: readonly number[] = [1455, 1457];
export const callbackPath = "/auth/callback";

export const authorizePath = "/oauth/authorize";
export const tokenPath = "/oauth/token";
export const revokePath = "/oauth/revoke";

/** Value of the `originator` header; the service accepts any text (docs/wire.md §8). */
export const originator = "codex-oauth";

/** The reported Codex version; the service gates models on it (docs/wire.md §11). */
export const defaultClientVersion = "0.169.0";

export const liteHeader = "x-openai-internal-codex-responses-lite";

/** Device login (docs/wire.md §18). */
export const deviceCodePath = "/api/accounts/deviceauth/usercode";
export const devicePollPath = "/api/accounts/deviceauth/token";
export const deviceVerificationPath = "/codex/device";
export const deviceRedirectPath = "/deviceauth/callback";
