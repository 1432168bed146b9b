import type { Credential } from "../api/credential.ts";
import { CodexError } from "../shared/errors.ts";
import { isLoopback } from "../shared/loopback.ts";

/** The other way to pay, for every error about a key; a login alone changes nothing where a setting decides. */
function otherWay(decided: boolean): string {
  const signIn = "sign in with ChatGPT (codex_login with method browser)";
  return decided ? `unset CODEX_AUTH, restart Claude Code and ${signIn}` : signIn;
}

const lacksScopes = /scopes|permission/i;
const lackedPermission = "The key lacks the permission to write responses.";

/**
 * Refusals of the API for keys in its own terms: no login, no plan, but a key and its billing. The
 * service's words about a wrong key show a part of it and are not quoted.
 *
 * @param decided `CODEX_AUTH` has chosen the key, whoever signs in
 */
export function explainKeyRefusal(error: unknown, decided: boolean): unknown {
  if (!(error instanceof CodexError)) return error;
  const orElse = otherWay(decided);
  const { details } = error;
  switch (error.code) {
    case "AUTH_EXPIRED":
      return new CodexError("AUTH_EXPIRED", "The API does not accept the key in OPENAI_API_KEY.", {
        ...details,
        cause: error,
        why: lacksScopes.test(details.why ?? "") ? lackedPermission : undefined,
        next: `Put a valid key into OPENAI_API_KEY and restart Claude Code, or ${orElse}.`,
      });
    case "USAGE_LIMIT":
      return new CodexError(
        "USAGE_LIMIT",
        "The credit or the spending limit behind the API key is used up.",
        {
          ...details,
          cause: error,
          next: `Check billing and limits of the key's project at platform.openai.com, or ${orElse}.`,
        },
      );
    case "PLAN_REQUIRED":
      return new CodexError("PLAN_REQUIRED", "The API key's project or account may not do this.", {
        ...details,
        cause: error,
        next: `Check the key's project at platform.openai.com, or ${orElse}.`,
      });
    default:
      return details.status === 403 && error.code === "UPSTREAM" ? forbidden(error, orElse) : error;
  }
}

/** A 403: mostly a restricted key, at times a project, a country or an address list. */
function forbidden(error: CodexError, orElse: string): CodexError {
  const next = `Give the key the write permission for Responses (or all) at platform.openai.com, check its project, or ${orElse}.`;
  if (!lacksScopes.test(error.details.why ?? "")) return error.with({ next });
  return new CodexError("PLAN_REQUIRED", "The API key may not do this (HTTP 403).", {
    ...error.details,
    cause: error,
    why: lackedPermission,
    next,
  });
}

/** @param decided as for `keyError` */
export function missingApiKey(decided: boolean): CodexError {
  return new CodexError("AUTH_REQUIRED", "There is no API key: OPENAI_API_KEY is not set.", {
    why: "A key is taken from the environment only, and stored nowhere.",
    next: `Start Claude Code with OPENAI_API_KEY in its environment, or ${otherWay(decided)}.`,
  });
}

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
export function apiKeyProblem(key: string): string | undefined {
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
  if (apiKey === undefined) throw missingApiKey(auth === "api-key");
  const why = apiKeyProblem(apiKey);
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
    kind: "api-key",
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
