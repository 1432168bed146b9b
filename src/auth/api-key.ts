import type { Credential } from "../api/credential.ts";
import { platformApi } from "../api/dialect.ts";
import type { CredentialKind } from "../shared/credential-kind.ts";
import { CodexError, type CodexErrorCode, type CodexErrorDetails } from "../shared/errors.ts";
import { act, browserSignIn, either, setVariable, unsetVariables, type NextSteps } from "../shared/next-step.ts";
import { isLoopback } from "../shared/loopback.ts";
import { type ActiveCredential, type CredentialSource, unusable } from "./credential-source.ts";

interface ApiKeySettings {
  /** `OPENAI_API_KEY`. */
  apiKey: string | undefined;
  /** Root of the API for keys, without a trailing slash. */
  apiBaseUrl: string;
  /** `CODEX_AUTH`, which overrides the stored preference. */
  auth: CredentialKind | undefined;
  /** Certificates are not checked. */
  tlsUnverified: boolean;
}

/** The API key of the environment. It is sent to `apiBaseUrl` only. */
export class ApiKeySource implements CredentialSource {
  readonly kind = "api-key";
  readonly api = platformApi;
  readonly baseUrl: string;
  readonly issuer = undefined;
  readonly guestFile = undefined;
  readonly replaceable = false;
  readonly #settings: ApiKeySettings;
  /** `CODEX_AUTH` selects the key, so a sign-in alone changes nothing. */
  readonly #forced: boolean;

  constructor(settings: ApiKeySettings) {
    this.#settings = settings;
    this.baseUrl = settings.apiBaseUrl;
    this.#forced = settings.auth === this.kind;
  }

  /** @throws CodexError `AUTH_REQUIRED` without a key, `CONFIG` for one that can't be sent */
  // eslint-disable-next-line @typescript-eslint/require-await -- every source rejects
  async get(): Promise<Credential> {
    const { apiKey, tlsUnverified } = this.#settings;
    if (apiKey === undefined) throw missingApiKey(this.#forced);
    const why = apiKeyProblem(apiKey);
    if (why !== undefined) throw new CodexError("CONFIG", "OPENAI_API_KEY cannot be used as it is.", { why });
    if (tlsUnverified && !isLoopback(new URL(this.baseUrl).hostname)) throw unverified();
    return {
      kind: this.kind,
      api: this.api,
      secret: apiKey,
      baseUrl: this.baseUrl,
      accountId: undefined,
      email: undefined,
      plan: undefined,
      expiresAt: undefined,
      fedramp: false,
      routingOverride: undefined,
      owner: "the API key",
    };
  }

  async inspect(): Promise<ActiveCredential> {
    try {
      return { credential: await this.get(), usable: true, trouble: undefined };
    } catch (error) {
      return unusable(error);
    }
  }

  /** There is no other key. @throws CodexError `AUTH_EXPIRED` */
  replace(): Promise<Credential> {
    const refused = new CodexError("AUTH_EXPIRED", "The API refused the key.");
    return Promise.reject(explainKeyRefusal(refused, this.#forced));
  }

  explain(error: unknown): unknown {
    return error instanceof CodexError ? explainKeyRefusal(error, this.#forced) : error;
  }
}

/** Why this key can't be sent, as a sentence; undefined if it can. */
function apiKeyProblem(key: string): string | undefined {
  if (key.length > 2_000) return "It is longer than any key.";
  if (/^[\x21-\x7e]+$/.test(key)) return undefined;
  return "It holds a space, a line break or another character that no key has.";
}

function unverified(): CodexError {
  return new CodexError("CONFIG", "NODE_TLS_REJECT_UNAUTHORIZED cannot be used with an API key.", {
    why: "Nobody could tell the API from somebody in between, who would get the key.",
    next: [unsetVariables("NODE_TLS_REJECT_UNAUTHORIZED"), act("Name a company's own CA in NODE_EXTRA_CA_CERTS")],
  });
}

/** Signing in with ChatGPT instead, for every error about a key. */
function chatgptSignIn(forced: boolean): NextSteps {
  return forced ? [unsetVariables("CODEX_AUTH"), browserSignIn] : [browserSignIn];
}

const scopePattern = /scopes|permission/i;
const lackedPermission = "The key lacks the permission to write responses.";

/**
 * An API error in terms of a key and its billing, not of a login and a plan. The service's message about a wrong key
 * contains a part of it and is not quoted.
 *
 * @param forced `CODEX_AUTH` selects the key
 */
function explainKeyRefusal(error: CodexError, forced: boolean): CodexError {
  const { code, details } = error;
  const orElse = chatgptSignIn(forced);
  const restated = (message: string, more: CodexErrorDetails, as: CodexErrorCode = code): CodexError =>
    new CodexError(as, message, { ...details, cause: error, ...more });
  const lacksScope = scopePattern.test(details.why ?? "");
  if (code === "AUTH_EXPIRED") {
    return restated("The API does not accept the key in OPENAI_API_KEY.", {
      why: lacksScope ? lackedPermission : undefined,
      next: [either(setVariable("OPENAI_API_KEY", "a valid key"), orElse)],
    });
  }
  if (code === "USAGE_LIMIT") {
    const billing = act("Check billing and limits of the key's project at platform.openai.com");
    const next = [either(billing, orElse)];
    return restated("The credit or the spending limit behind the API key is used up.", { next });
  }
  if (code === "PLAN_REQUIRED") {
    return restated("The API key's project or account may not do this.", {
      next: [either(act("Check the key's project at platform.openai.com"), orElse)],
    });
  }
  // A 403 mostly means a restricted key, sometimes a project, a country or an IP allow list.
  if (details.status !== 403 || code !== "UPSTREAM") return error;
  const permit = "Give the key the write permission for Responses (or all) at platform.openai.com";
  const next = [either(act(permit), act("Check its project"), orElse)];
  if (!lacksScope) return error.with({ next });
  return restated("The API key may not do this (HTTP 403).", { why: lackedPermission, next }, "PLAN_REQUIRED");
}

function missingApiKey(forced: boolean): CodexError {
  return new CodexError("AUTH_REQUIRED", "There is no API key: OPENAI_API_KEY is not set.", {
    why: "A key is taken from the environment only, and stored nowhere.",
    next: [either(setVariable("OPENAI_API_KEY", "your key"), chatgptSignIn(forced))],
  });
}
