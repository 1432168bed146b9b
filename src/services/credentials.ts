import type { Credential } from "../core/credentials.ts";
import type { TokenSet } from "../core/tokens.ts";
import type { TokenManager } from "./token-manager.ts";

export interface CredentialsDeps {
  tokens: Pick<TokenManager, "getTokens" | "replaceRejected">;
  /** The API for ChatGPT logins, without a trailing slash. */
  baseUrl: string;
}

/** What authorizes the next request, whatever way of signing in was chosen. */
export class Credentials {
  readonly #deps: CredentialsDeps;

  constructor(deps: CredentialsDeps) {
    this.#deps = deps;
  }

  /** @throws CodexError as `TokenManager.getTokens` */
  async get(signal: AbortSignal): Promise<Credential> {
    const { tokens, baseUrl } = this.#deps;
    return chatgptCredential(await tokens.getTokens(signal), baseUrl);
  }

  /**
   * Another one after the service refused this one (HTTP 401).
   *
   * @throws CodexError when there is no other.
   */
  async replaceRejected({ secret }: Credential, signal: AbortSignal): Promise<Credential> {
    const { tokens, baseUrl } = this.#deps;
    return chatgptCredential(
      await tokens.replaceRejected({ accessToken: secret }, signal),
      baseUrl,
    );
  }
}

/** A ChatGPT login of ours, as it authorizes a request. */
export function chatgptCredential(tokens: TokenSet, baseUrl: string): Credential {
  const { accessToken, accountId, email, plan, expiresAt } = tokens;
  return {
    mode: "chatgpt",
    secret: accessToken,
    baseUrl,
    accountId,
    email,
    plan,
    expiresAt,
    fedramp: false,
    routingOverride: undefined,
  };
}
