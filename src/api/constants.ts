/** Fixed values of the two services; sources and dates stand in docs/wire.md §1, §8, §11, §18 and §19. */
export const defaultIssuer = "https://auth.openai.com";
export const defaultApiBaseUrl = "https://api.openai.com/v1";
export const defaultBaseUrl = "https://chatgpt.com/backend-api";

/** The public OAuth client of the Codex family; it has no secret (docs/wire.md §1). */
export const clientId = "app_EMoamEEZ73f0CkXaXp7hrann";
export const scopes = "openid profile email offline_access";

/** Redirect ports that the authorization server has registered for the client. */
export const registeredPorts: readonly number[] = [1455, 1457];
export const callbackPath = "/auth/callback";

export const authorizePath = "/oauth/authorize";
export const tokenPath = "/oauth/token";
export const revokePath = "/oauth/revoke";

/** Our own name in `originator`; the service takes free text (docs/wire.md §8). */
export const originator = "codex-oauth";

/** The Codex version that we report; the service gates models on it (docs/wire.md §11). */
export const defaultClientVersion = "0.169.0";

export const liteHeader = "x-openai-internal-codex-responses-lite";

/** Login by a code that is typed in elsewhere (docs/wire.md §18). */
export const deviceCodePath = "/api/accounts/deviceauth/usercode";
export const devicePollPath = "/api/accounts/deviceauth/token";
export const deviceVerificationPath = "/codex/device";
export const deviceRedirectPath = "/deviceauth/callback";
