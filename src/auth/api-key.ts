import type { Credential } from "../api/credential.ts";
import { CodexError } from "../shared/errors.ts";
import { act, either, setVariable, unsetVariables, type NextSteps } from "../shared/next-step.ts";
import { isLoopback } from "../shared/loopback.ts";

/** The other way to pay, for every error about a key; a login alone changes nothing where a setting decides. */
function otherWay(decided: boolean): NextSteps {
  const signIn = { do: "sign-in", method: "browser" } as const;
  return decided ? [unsetVariables("CODEX_AUTH"), signIn] : [signIn];
}

const lacksScopes = /scopes|permission/i;
const lackedPermission = "The key lacks the permission to write responses.";

/**
 * Refusals of the API for keys in its own terms: no login, no plan, but a key and its billing. The
 * service's words about a wrong key show a part of it and are not quoted.
 *
 * @param decided `CODEX_AUTH` has chosen the key, whoever signs in
 */
export function keyError(error: unknown, decided: boolean): unknown {
  if (!(error instanceof CodexError)) return error;
  const orElse = otherWay(decided);
  const { details } = error;
  switch (error.code) {
    case "AUTH_EXPIRED":
      return new CodexError("AUTH_EXPIRED", "The API does not accept the key in OPENAI_API_KEY.", {
        ...details,
        cause: error,
        why: lacksScopes.test(details.why ?? "") ? lackedPermission : undefined,
        next: [either(setVariable("OPENAI_API_KEY", "a valid key"), orElse)],
      });
    case "USAGE_LIMIT":
      return new CodexError(
        "USAGE_LIMIT",
        "The credit or the spending limit behind the API key is used up.",
        {
          ...details,
          cause: error,
          next: [
            either(
              act("Check billing and limits of the key's project at platform.openai.com"),
              orElse,
            ),
          ],
        },
      );
    case "PLAN_REQUIRED":
      return new CodexError("PLAN_REQUIRED", "The API key's project or account may not do this.", {
        ...details,
        cause: error,
        next: [either(act("Check the key's project at platform.openai.com"), orElse)],
      });
    default:
      return details.status === 403 && error.code === "UPSTREAM" ? forbidden(error, orElse) : error;
  }
}

/** A 403: mostly a restricted key, at times a project, a country or an address list. */
function forbidden(error: CodexError, orElse: NextSteps): CodexError {
  const next = [
    either(
      act("Give the key the write permission for Responses (or all) at platform.openai.com"),
      act("Check its project"),
      orElse,
    ),
  ];
  if (!lacksScopes.test(error.details.why ?? "")) return error.with({ next });
  return new CodexError("PLAN_REQUIRED", "The API key may not do this (HTTP 403).", {
    ...error.details,
    cause: error,
    why: lackedPermission,
    next,
  });
}

/** @param decided as for `keyError` */
export function noKey(decided: boolean): CodexError {
  return new CodexError("AUTH_REQUIRED", "There is no API key: OPENAI_API_KEY is not set.", {
    why: "A key is taken from the environment only, and stored nowhere.",
    next: [either(setVariable("OPENAI_API_KEY", "your key"), otherWay(decided))],
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
      next: [
        unsetVariables("NODE_TLS_REJECT_UNAUTHORIZED"),
        act("Name a company's own CA in NODE_EXTRA_CA_CERTS"),
      ],
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
