import type { Credential, StoredPreference, CredentialKind } from "../api/credential.ts";
import { CodexError } from "../shared/errors.ts";
import { apiKeyCredential, type ApiKeySettings, explainKeyRefusal } from "./api-key.ts";
import type { TokenSet } from "./oauth/token-set.ts";
import { readClaims } from "./oauth/claims.ts";
import type { CodexCliLogin } from "./codex-cli.ts";
import type { TokenManager } from "./session/token-manager.ts";
import type { WorkspaceRoutes } from "./workspace-routing.ts";

/** The choice that the login file keeps. */
export interface CredentialPreference {
  /** Undefined where nothing was ever chosen, nor anybody signed in. */
  mode(): Promise<CredentialKind | undefined>;
  /** Signs out of ChatGPT first, then keeps the choice. */
  choose(mode: StoredPreference["mode"]): Promise<unknown>;
}

export interface CredentialsDeps {
  tokens: Pick<TokenManager, "getTokens" | "replaceRejected">;
  choice: Pick<CredentialPreference, "mode">;
  guest: Pick<CodexCliLogin, "get" | "replaceRejected">;
  routes: Pick<WorkspaceRoutes, "route">;
  key: ApiKeySettings;
  /** `CODEX_AUTH`, which beats the stored choice. */
  auth: "chatgpt" | "api-key" | undefined;
  /** The API for ChatGPT logins, without a trailing slash. */
  baseUrl: string;
}

/** What authorizes the next request, whatever way of signing in was chosen. */
export class Credentials {
  readonly #deps: CredentialsDeps;

  constructor(deps: CredentialsDeps) {
    this.#deps = deps;
  }

  /** How requests are authorized now; another window may have changed it. @throws CodexError `STORAGE` */
  async mode(): Promise<CredentialKind> {
    const { auth, choice } = this.#deps;
    return auth ?? (await choice.mode()) ?? "chatgpt";
  }

  /**
   * @throws CodexError as `TokenManager.getTokens`, `CodexCliLogin.get`, `apiKeyCredential` and
   *   `WorkspaceRoutes.route`.
   */
  async get(signal: AbortSignal): Promise<Credential> {
    const { tokens, guest, key } = this.#deps;
    switch (await this.mode()) {
      case "chatgpt":
        return this.#routed(await tokens.getTokens(signal), signal);
      case "codex-cli":
        return this.#routedGuest(await guest.get(), signal);
      case "api-key":
        return apiKeyCredential(key);
    }
  }

  /**
   * Another one after the service refused this one (HTTP 401).
   *
   * @throws CodexError when there is no other.
   */
  async replaceRejected(rejected: Credential, signal: AbortSignal): Promise<Credential> {
    const { tokens, guest, routes, baseUrl } = this.#deps;
    const { kind: mode, secret } = rejected;
    if ((await this.mode()) !== mode) throw changedMeanwhile();
    switch (mode) {
      case "chatgpt": {
        const next = await tokens.replaceRejected({ accessToken: secret }, signal);
        return routes.route(chatgptCredential(next, baseUrl), next, signal);
      }
      case "codex-cli":
        return routes.route(await guest.replaceRejected(rejected), undefined, signal);
      case "api-key":
        throw this.explained(mode, new CodexError("AUTH_EXPIRED", "The API refused the key."));
    }
  }

  /** A refusal in the terms of the way that was refused, with the step that helps there. */
  explained(mode: CredentialKind, error: unknown): unknown {
    return mode === "api-key" ? explainKeyRefusal(error, this.#deps.auth === "api-key") : error;
  }

  /** The question of the route may be the first one that tells that the login is refused. */
  async #routed(login: TokenSet, signal: AbortSignal): Promise<Credential> {
    const { routes, baseUrl } = this.#deps;
    const credential = chatgptCredential(login, baseUrl);
    try {
      return await routes.route(credential, login, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.replaceRejected(credential, signal);
    }
  }

  async #routedGuest(credential: Credential, signal: AbortSignal): Promise<Credential> {
    try {
      return await this.#deps.routes.route(credential, undefined, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.replaceRejected(credential, signal);
    }
  }
}

/** A ChatGPT login of ours, as it authorizes a request. */
export function chatgptCredential(tokens: TokenSet, baseUrl: string): Credential {
  const { accessToken, idToken, accountId, email, plan, expiresAt } = tokens;
  return {
    kind: "chatgpt",
    secret: accessToken,
    baseUrl,
    accountId,
    email,
    plan,
    expiresAt,
    fedramp: readClaims(idToken).fedramp,
    routingOverride: undefined,
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof CodexError && error.code === "AUTH_EXPIRED";
}

function changedMeanwhile(): CodexError {
  return new CodexError(
    "AUTH_EXPIRED",
    "The service refused the login, and another way was chosen.",
    {
      next: "Repeat the call: it goes the new way.",
    },
  );
}
