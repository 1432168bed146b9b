import type { Credential } from "../core/credentials.ts";
import { CodexError } from "../core/errors.ts";
import { isLoopback } from "../core/hosts.ts";
import { noKey } from "../core/key-errors.ts";

export interface ApiKeySettings {
  /** `OPENAI_API_KEY`. */
  apiKey: string | undefined;
  /** The API for keys, without a trailing slash. */
  apiBaseUrl: string;
  /** `CODEX_AUTH`, which beats every choice. */
  auth: "chatgpt" | "api-key" | undefined;
  /** Certificates are not checked. */
  tlsUnverified: boolean;
}

/** Why this key cannot be sent, as a sentence; undefined when it can. */
export function keyFault(key: string): string | undefined {
  if (key.length > 2_000) return "It is longer than any key.";
  if (/^[\x21-\x7e]+$/.test(key)) return undefined;
  return "It holds a space, a line break or another character that no key has.";
}

/**
 * The key of the environment, as it authorizes a request. It goes to `apiBaseUrl` and nowhere else.
 *
 * @throws CodexError `AUTH_REQUIRED` without a key, `CONFIG` for one that cannot be sent.
 */
export function apiKeyCredential({
  apiKey,
  apiBaseUrl,
  auth,
  tlsUnverified,
}: ApiKeySettings): Credential {
  if (apiKey === undefined) throw noKey(auth === "api-key");
  const why = keyFault(apiKey);
  if (why !== undefined) {
    throw new CodexError("CONFIG", "OPENAI_API_KEY cannot be used as it is.", { why });
  }
  if (tlsUnverified && !isLoopback(new URL(apiBaseUrl).hostname)) {
    throw new CodexError("CONFIG", "NODE_TLS_REJECT_UNAUTHORIZED cannot be used with an API key.", {
      why: "Nobody could tell the API from somebody in between, who would get the key.",
      next: "Unset it, and name a company's own CA in NODE_EXTRA_CA_CERTS.",
    });
  }
  return {
    mode: "api-key",
    secret: apiKey,
    baseUrl: apiBaseUrl,
    accountId: undefined,
    email: undefined,
    plan: undefined,
    expiresAt: undefined,
    fedramp: false,
    routingOverride: undefined,
  };
}
