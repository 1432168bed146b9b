import type { z } from "zod";
import { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Http, TextResponse } from "../../http/http.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { authorizePath, clientId, originator, revokePath, scopes, tokenPath } from "../../api/constants.ts";
import { parseJson } from "../../shared/json.ts";
import {
  codeExchangeResponse,
  refreshResponse,
  type CodeExchangeResponse,
  type RefreshResponse,
} from "./oauth-messages.ts";
import { refreshRefusal, tokenRefusal, type RefreshOutcome } from "./token-errors.ts";

export interface TokenEndpointDeps {
  issuer: string;
  http: Http;
  limits: Limits;
  redactor: Redactor;
  userAgent: string;
  now: () => number;
}

/** The authorization server's endpoints, as requests and judged answers; nothing is stored here. */
export class TokenEndpoint {
  readonly #deps: TokenEndpointDeps;

  constructor(deps: TokenEndpointDeps) {
    this.#deps = deps;
  }

  /** Where the person approves (RFC 6749 §4.1.1, RFC 7636 §4.3, docs/wire.md §1). */
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
   * Exchange the code for tokens (RFC 6749 §4.1.3, docs/wire.md §3). They are given as far as they can be
   * read: `wholeGrant` judges them, since also a part of them may be a live login.
   *
   * @throws CodexError `AUTH_DENIED` when it is refused, `PROTOCOL`, `NETWORK`, `TIMEOUT`, `UPSTREAM`.
   */
  async exchangeCode(
    request: { code: string; redirectUri: string; codeVerifier: string },
    signal: AbortSignal,
  ): Promise<RefreshResponse> {
    const response = await this.#post(
      tokenPath,
      "application/x-www-form-urlencoded",
      new URLSearchParams({
        grant_type: "authorization_code",
        client_id: clientId,
        code: request.code,
        redirect_uri: request.redirectUri,
        code_verifier: request.codeVerifier,
      }).toString(),
      signal,
    );
    if (response.status === 200) return this.#grant(refreshResponse, response);
    throw tokenRefusal(
      response,
      "AUTH_DENIED",
      "The authorization server refused the code of this sign-in.",
      this.#deps.now(),
    );
  }

  /**
   * Spend the refresh token (RFC 6749 §6, docs/wire.md §4). Takes no signal: once sent, only its
   * own time limit ends it, because a token that is spent and not saved is a lost login.
   */
  async refresh(refreshToken: string): Promise<RefreshOutcome> {
    this.#deps.redactor.addSecrets(refreshToken);
    try {
      const body = JSON.stringify({
        client_id: clientId,
        grant_type: "refresh_token",
        refresh_token: refreshToken,
      });
      const response = await this.#post(tokenPath, "application/json", body);
      if (response.status === 200) {
        const grant = this.#grant(refreshResponse, response);
        if (grant.access_token !== undefined || grant.refresh_token !== undefined) {
          return { kind: "granted", grant };
        }
        throw new CodexError("PROTOCOL", "The token endpoint answered without any token.");
      }
      return refreshRefusal(response, this.#deps.now());
    } catch (thrown) {
      const error =
        thrown instanceof CodexError ? thrown : new CodexError("NETWORK", "The refresh failed.", { cause: thrown });
      return { kind: error.details.unsent === true ? "unsent" : "unknown", error };
    }
  }

  /** Tell the server to forget a refresh token (RFC 7009 §2.1, docs/wire.md §5). */
  async revoke(refreshToken: string, signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify({
      token: refreshToken,
      token_type_hint: "refresh_token",
      client_id: clientId,
    });
    const response = await this.#post(revokePath, "application/json", body, signal);
    if (response.status >= 300) {
      throw tokenRefusal(response, "UPSTREAM", "The revocation failed.", this.#deps.now());
    }
  }

  #grant<T extends object>(schema: z.ZodType<T>, response: TextResponse): T {
    const parsed = schema.safeParse(parseJson(response.text));
    if (!parsed.success) throw malformedResponse(parsed.error);
    this.#deps.redactor.addSecrets(...Object.values(parsed.data).filter((value) => typeof value === "string"));
    return parsed.data;
  }

  #post(path: string, contentType: string, body: string, signal?: AbortSignal): Promise<TextResponse> {
    const { issuer, http, limits, userAgent } = this.#deps;
    return http.fetchText(
      {
        method: "POST",
        url: `${issuer}${path}`,
        headers: {
          "content-type": contentType,
          accept: "application/json",
          originator,
          "user-agent": userAgent,
        },
        body,
      },
      {
        maxBytes: limits.maxTokenResponseBytes,
        timeoutMs: limits.tokenRequestTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      },
    );
  }
}

/** A grant with all that a sign-in must bring. @throws CodexError `PROTOCOL` */
export function assertCompleteGrant(grant: RefreshResponse): CodeExchangeResponse {
  const parsed = codeExchangeResponse.safeParse(grant);
  if (!parsed.success) throw malformedResponse(parsed.error);
  return parsed.data;
}

function malformedResponse(cause: unknown): CodexError {
  return new CodexError("PROTOCOL", "The token endpoint's answer does not have the known form.", {
    cause,
  });
}
