import type { Credential } from "../api/credential.ts";
import { platformApi } from "../api/dialect.ts";
import { CodexError, type CodexErrorCode, type CodexErrorDetails } from "../shared/errors.ts";
import { act, either, setVariable, unsetVariables, type NextSteps } from "../shared/next-step.ts";
import { isLoopback } from "../shared/loopback.ts";
import { type ActiveCredential, type CredentialSource, unusable } from "./credential-source.ts";

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

/** The API key of the environment. It goes to `apiBaseUrl` and nowhere else. */
export class ApiKeySource implements CredentialSource {
  readonly kind = "api-key";
  readonly api = platformApi;
  readonly baseUrl: string;
  readonly issuer = undefined;
  readonly foreignFile = undefined;
  readonly replaceable = false;
  readonly #settings: ApiKeySettings;
  /** `CODEX_AUTH` has chosen the key, whoever signs in. */
  readonly #decided: boolean;

  constructor(settings: ApiKeySettings) {
    this.#settings = settings;
    this.baseUrl = settings.apiBaseUrl;
    this.#decided = settings.auth === this.kind;
  }

  /** @throws CodexError `AUTH_REQUIRED` without a key, `CONFIG` for one that can't be sent */
  // eslint-disable-next-line @typescript-eslint/require-await -- a rejection, as of every source
  async get(): Promise<Credential> {
    const { apiKey, tlsUnverified } = this.#settings;
    if (apiKey === undefined) throw missingApiKey(this.#decided);
    const why = apiKeyProblem(apiKey);
    if (why !== undefined) {
      throw new CodexError("CONFIG", "OPENAI_API_KEY cannot be used as it is.", { why });
    }
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
    return Promise.reject(explainKeyRefusal(refused, this.#decided));
  }

  explain(error: unknown): unknown {
    return error instanceof CodexError ? explainKeyRefusal(error, this.#decided) : error;
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

/** The other way to pay, for every error about a key; a login alone changes nothing where a setting decides. */
function signInSteps(forced: boolean): NextSteps {
  const signIn = { do: "sign-in", method: "browser" } as const;
  return forced ? [unsetVariables("CODEX_AUTH"), signIn] : [signIn];
}

const lacksScopes = /scopes|permission/i;
const lackedPermission = "The key lacks the permission to write responses.";

/**
 * Refusals of the API for keys in its own terms: no login, no plan, but a key and its billing. The
 * service's words about a wrong key show a part of it and are not quoted.
 *
 * @param forced `CODEX_AUTH` has chosen the key, whoever signs in
 */
function explainKeyRefusal(error: CodexError, forced: boolean): CodexError {
  const { code, details } = error;
  const orElse = signInSteps(forced);
  const restated = (message: string, more: CodexErrorDetails, as: CodexErrorCode = code): CodexError =>
    new CodexError(as, message, { ...details, cause: error, ...more });
  const lacksScope = lacksScopes.test(details.why ?? "");
  if (code === "AUTH_EXPIRED") {
    return restated("The API does not accept the key in OPENAI_API_KEY.", {
      why: lacksScope ? lackedPermission : undefined,
      next: [either(setVariable("OPENAI_API_KEY", "a valid key"), orElse)],
    });
  }
  if (code === "USAGE_LIMIT") {
    const billing = act("Check billing and limits of the key's project at platform.openai.com");
    return restated("The credit or the spending limit behind the API key is used up.", {
      next: [either(billing, orElse)],
    });
  }
  if (code === "PLAN_REQUIRED") {
    return restated("The API key's project or account may not do this.", {
      next: [either(act("Check the key's project at platform.openai.com"), orElse)],
    });
  }
  // A 403: mostly a restricted key, at times a project, a country or an address list.
  if (details.status !== 403 || code !== "UPSTREAM") return error;
  const permit = "Give the key the write permission for Responses (or all) at platform.openai.com";
  const next = [either(act(permit), act("Check its project"), orElse)];
  if (!lacksScope) return error.with({ next });
  const more = { why: lackedPermission, next };
  return restated("The API key may not do this (HTTP 403).", more, "PLAN_REQUIRED");
}

/** @param forced as for `explainKeyRefusal` */
function missingApiKey(forced: boolean): CodexError {
  return new CodexError("AUTH_REQUIRED", "There is no API key: OPENAI_API_KEY is not set.", {
    why: "A key is taken from the environment only, and stored nowhere.",
    next: [either(setVariable("OPENAI_API_KEY", "your key"), signInSteps(forced))],
  });
}
