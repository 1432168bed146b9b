import type { Credential } from "../api/credential.ts";
import { chatgptApi } from "../api/dialect.ts";
import { CodexError } from "../shared/errors.ts";
import { signIn } from "../shared/next-step.ts";
import {
  type ActiveCredential,
  type CredentialReplacer,
  type CredentialSource,
  unusable,
} from "./credential-source.ts";
import { readClaims } from "./oauth/claims.ts";
import { accountLabel, assertIssuedFor, type Origins, type TokenSet } from "./oauth/token-set.ts";
import type { TokenManager } from "./session/token-manager.ts";
import { withCachedRouting, type WorkspaceRoutes } from "./workspace-routing.ts";

interface ChatgptSourceDeps {
  tokens: Pick<TokenManager, "getTokens" | "replaceRejected" | "state">;
  routes: Pick<WorkspaceRoutes, "route" | "routeOrReplace">;
  origins: Origins;
  baseUrl: string;
  authFile: string;
}

/** The ChatGPT login that codex-oauth itself stores and refreshes. */
export class ChatgptSource implements CredentialSource {
  readonly kind = "chatgpt";
  readonly api = chatgptApi;
  readonly baseUrl: string;
  readonly issuer: string;
  readonly guestFile = undefined;
  readonly replaceable = true;
  readonly #deps: ChatgptSourceDeps;

  constructor(deps: ChatgptSourceDeps) {
    this.#deps = deps;
    this.baseUrl = deps.baseUrl;
    this.issuer = deps.origins.issuer;
  }

  /** @throws CodexError as `TokenManager.getTokens` and `WorkspaceRoutes.route` */
  async get(signal: AbortSignal, replacer: CredentialReplacer = this): Promise<Credential> {
    const { tokens, routes } = this.#deps;
    const login = await tokens.getTokens(signal);
    const credential = chatgptCredential(login, this.baseUrl);
    return routes.routeOrReplace(replacer, credential, login, signal);
  }

  async inspect(): Promise<ActiveCredential> {
    const { tokens: manager, origins, authFile } = this.#deps;
    let credential: Credential | undefined;
    try {
      const { tokens, damaged, encrypted, unsaved } = await manager.state();
      if (damaged) return unusable(damagedLogin(authFile, encrypted));
      if (tokens === undefined) return { credential, usable: false, trouble: undefined };
      credential = chatgptCredential(tokens, this.baseUrl);
      credential = withCachedRouting(credential, tokens) ?? credential;
      assertIssuedFor(tokens, origins);
      return { credential, usable: true, trouble: unsaved && notSavedYet(unsaved) };
    } catch (error) {
      return unusable(error, credential);
    }
  }

  async replace({ secret }: Credential, signal: AbortSignal): Promise<Credential> {
    const { tokens, routes } = this.#deps;
    const next = await tokens.replaceRejected({ accessToken: secret }, signal);
    return routes.route(chatgptCredential(next, this.baseUrl), next, signal);
  }
}

/** The credential that a ChatGPT login gives, before any routing. */
function chatgptCredential(tokens: TokenSet, baseUrl: string): Credential {
  const { accessToken, idToken, accountId, email, plan, expiresAt } = tokens;
  return {
    kind: "chatgpt",
    api: chatgptApi,
    secret: accessToken,
    baseUrl,
    accountId,
    email,
    plan,
    expiresAt,
    fedramp: readClaims(idToken).fedramp,
    routingOverride: undefined,
    owner: accountLabel(tokens),
  };
}

function damagedLogin(authFile: string, encrypted: boolean): CodexError {
  const message = encrypted
    ? `The system's keyring has no key that decrypts the login in ${authFile}.`
    : `The login file ${authFile} is damaged.`;
  return new CodexError("AUTH_REQUIRED", message, { next: [signIn] });
}

function notSavedYet({ code, message, details }: CodexError): CodexError {
  return new CodexError(code, `The refreshed login is not saved yet: ${message}`, details);
}
