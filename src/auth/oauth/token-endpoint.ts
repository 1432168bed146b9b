import type { z } from "zod";
import { authorizePath, clientId, originator, revokePath, scopes, tokenPath } from "../../api/constants.ts";
import type { Http, TextResponse } from "../../http/http.ts";
import { CodexError } from "../../shared/errors.ts";
import { parseJson } from "../../shared/json.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Redactor } from "../../shared/redactor.ts";
import {
  codeExchangeResponse,
  refreshResponse,
  type CodeExchangeResponse,
  type RefreshResponse,
} from "./oauth-messages.ts";
import { gatewayError, refreshRefusal, tokenRefusal, type RefreshOutcome } from "./token-errors.ts";

interface TokenEndpointDeps {
  issuer: string;
  http: Http;
  limits: Limits;
  redactor: Redactor;
  userAgent: string;
  now: () => number;
}

/** Client of the authorization server's endpoints; it stores nothing. */
export class TokenEndpoint {
  readonly #deps: TokenEndpointDeps;

  constructor(deps: TokenEndpointDeps) {
    this.#deps = deps;
  }

  /** The page on which the user approves (RFC 6749 §4.1.1, RFC 7636 §4.3, docs/wire.md §1). */
  authorizationUrl(request: { redirectUri: string; state: string; codeChallenge: string }): string {
    const url = new URL(`${this.#deps.issuer}${authorizePath}`);
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: request.redirectUri,
      code_challenge: request.codeChallenge,
      code_challenge_method: "S256",
      state: request.state,
      scope: scopes,
      id_token_add_organizations: "true",
      codex_cli_simplified_flow: "true",
      originator,
    }).toString();
    return url.href;
  }

  /**
   * Exchanges the code for tokens (RFC 6749 §4.1.3, docs/wire.md §3). A response that lacks some of them may be a live
   * login too; `assertCompleteGrant` checks it.
   *
   * @throws CodexError `AUTH_DENIED` if it is refused, `BLOCKED`, `PROTOCOL`, `NETWORK`, `TIMEOUT`, `UPSTREAM`.
   */
  async exchangeCode(
    request: { code: string; redirectUri: string; codeVerifier: string },
    signal: AbortSignal,
  ): Promise<RefreshResponse> {
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      client_id: clientId,
      code: request.code,
      redirect_uri: request.redirectUri,
      code_verifier: request.codeVerifier,
    }).toString();
    const response = await this.#post(tokenPath, "application/x-www-form-urlencoded", body, signal);
    if (response.status === 200) return this.#grant(response);
    const message = "The authorization server refused the code of this sign-in.";
    throw tokenRefusal(response, "AUTH_DENIED", message, this.#deps.now());
  }

  /**
   * Uses the refresh token (RFC 6749 §6, docs/wire.md §4). Takes no signal: once sent, only its own timeout ends the
   * request, because a token that is used while its successor isn't saved is a lost login.
   *
   * @param beforeSend the last chance to end the request, by throwing
   */
  async refresh(refreshToken: string, beforeSend?: () => void): Promise<RefreshOutcome> {
    this.#deps.redactor.addSecrets(refreshToken);
    try {
      const body = JSON.stringify({ client_id: clientId, grant_type: "refresh_token", refresh_token: refreshToken });
      const response = await this.#post(tokenPath, "application/json", body, undefined, beforeSend);
      if (response.status !== 200) return refreshRefusal(response, this.#deps.now());
      const grant = this.#grant(response);
      if (grant.access_token !== undefined || grant.refresh_token !== undefined) return { kind: "granted", grant };
      throw new CodexError("PROTOCOL", "The token endpoint answered without any token.");
    } catch (thrown) {
      const error =
        thrown instanceof CodexError ? thrown : new CodexError("NETWORK", "The refresh failed.", { cause: thrown });
      return { kind: error.details.unsent === true ? "unsent" : "unknown", error };
    }
  }

  /** Revokes a refresh token (RFC 7009 §2.1, docs/wire.md §5). */
  async revoke(refreshToken: string, signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify({ token: refreshToken, token_type_hint: "refresh_token", client_id: clientId });
    const response = await this.#post(revokePath, "application/json", body, signal);
    const now = this.#deps.now();
    if (response.status >= 300) throw tokenRefusal(response, "UPSTREAM", "The revocation failed.", now);
    const blocked = gatewayError(response, now);
    if (blocked !== undefined) throw blocked;
  }

  #grant(response: TextResponse): RefreshResponse {
    const json = parseJson(response.text);
    // Tokens count in any envelope, since they are all that is left of a spent one.
    const blocked = json === undefined ? gatewayError(response, this.#deps.now()) : undefined;
    if (blocked !== undefined) throw blocked;
    const grant = parseGrant(refreshResponse, json);
    this.#deps.redactor.addSecrets(...Object.values(grant).filter((value) => typeof value === "string"));
    return grant;
  }

  #post(
    path: string,
    contentType: string,
    body: string,
    signal?: AbortSignal,
    beforeSend?: () => void,
  ): Promise<TextResponse> {
    const { issuer, http, limits, userAgent } = this.#deps;
    const headers = { "content-type": contentType, accept: "application/json", originator, "user-agent": userAgent };
    return http.fetchText(
      { method: "POST", url: `${issuer}${path}`, headers, body, beforeSend },
      {
        maxBytes: limits.maxTokenResponseBytes,
        timeoutMs: limits.tokenRequestTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      },
    );
  }
}

/** The grant, with all tokens that a sign-in needs. @throws CodexError `PROTOCOL` */
export function assertCompleteGrant(grant: RefreshResponse): CodeExchangeResponse {
  return parseGrant(codeExchangeResponse, grant);
}

function parseGrant<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error: cause } = schema.safeParse(value);
  if (data !== undefined) return data;
  throw new CodexError("PROTOCOL", "The token endpoint's answer does not have the known form.", { cause });
}
