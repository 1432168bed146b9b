import { errorBody, oauthErrorBody, refreshErrorBody, tokenExchangeErrorBody } from "./bodies.ts";
import { isCodeVerifier, s256 } from "./codes.ts";
import { CLIENT_ID } from "./constants.ts";
import type { PlainReply } from "./reply.ts";
import type { SimState } from "./state.ts";
import type { Family } from "./types.ts";
import type { IssuedTokens, RecordedRequest } from "./types.ts";

type Fields = Record<string, string>;

/** Which of its grants a request to the token endpoint is for. */
export function tokenRoute(
  request: Pick<RecordedRequest, "json" | "form">,
): "token" | "token:refresh" | "token:exchange" {
  const grant = fieldsOf(request)["grant_type"];
  if (grant === "refresh_token") return "token:refresh";
  return grant === "authorization_code" ? "token:exchange" : "token";
}

/** `POST /oauth/token`. */
export function token(state: SimState, request: RecordedRequest): PlainReply {
  if (request.method !== "POST") return { kind: "json", status: 405, body: { detail: "Method Not Allowed" } };
  switch (tokenRoute(request)) {
    case "token:refresh":
      return refresh(state, fieldsOf(request));
    case "token:exchange":
      return request.form === undefined
        ? json(400, tokenExchangeErrorBody("The authorization code grant must be sent as a form."))
        : exchange(state, request.form);
    case "token":
      return json(400, oauthErrorBody("unsupported_grant_type"));
  }
}

/** The code grant, RFC 6749 §4.1.3 with RFC 7636 §4.6. */
function exchange(state: SimState, form: URLSearchParams): PlainReply {
  // RFC 6749 §3.2: a parameter may not stand twice.
  const doubled = [...form.keys()].find((name) => form.getAll(name).length > 1);
  if (doubled !== undefined) {
    return json(400, oauthErrorBody("invalid_request", `${doubled} is given more than once`));
  }
  if (form.get("client_id") !== CLIENT_ID) {
    return json(401, oauthErrorBody("invalid_client", "Unknown client"));
  }
  const verifier = form.get("code_verifier") ?? "";
  if (verifier !== "") state.secrets.add(verifier);

  const record = state.codes.find(form.get("code") ?? "");
  if (record === undefined) return json(400, oauthErrorBody("invalid_grant", "Invalid code"));
  if (record.family !== undefined) {
    // RFC 6749 §4.1.2: a second use revokes what the first one gave.
    state.stats.usedCodeAttempts += 1;
    state.tokens.revoke(record.family, "invalidated");
    return json(400, oauthErrorBody("invalid_grant", "The code has been used already"));
  }
  if (record.expiresAt <= state.now()) {
    return json(400, oauthErrorBody("invalid_grant", "The code has expired"));
  }
  if (form.get("redirect_uri") !== record.redirectUri) {
    return json(400, tokenExchangeErrorBody("redirect_uri differs from the authorization request's"));
  }
  if (!isCodeVerifier(verifier)) {
    return json(400, oauthErrorBody("invalid_request", "code_verifier must be 43 to 128 unreserved characters"));
  }
  if (s256(verifier) !== record.codeChallenge) {
    return json(400, oauthErrorBody("invalid_grant", "Invalid code verifier"));
  }

  record.family = state.tokens.open(record.account, record.scope);
  state.stats.exchanges += 1;
  return tokens(state, record.family, true);
}

/** The refresh grant, as JSON or as a form. */
function refresh(state: SimState, fields: Fields): PlainReply {
  if (fields["client_id"] !== CLIENT_ID) {
    return json(401, oauthErrorBody("invalid_client", "Unknown client"));
  }
  const presented = fields["refresh_token"] ?? "";
  if (presented === "") {
    const message = "Invalid 'refresh_token': empty string. Expected a string with minimum length 1.";
    return json(400, errorBody({ message, param: "refresh_token", code: "empty_string" }));
  }
  const family = state.tokens.familyOf(presented);
  if (family === undefined || !presented.startsWith("rt_")) {
    return json(400, oauthErrorBody("invalid_grant", "Unknown refresh token"));
  }
  if (presented !== family.refreshTokens.at(-1)) {
    // RFC 9700 §4.14.2: a token that comes back was stolen from one of the two who used it.
    state.stats.replays += 1;
    family.revoked = true;
    return json(401, refreshErrorBody("refresh_token_reused"));
  }
  if (family.revoked) return json(401, refreshErrorBody("refresh_token_invalidated"));

  state.stats.refreshes += 1;
  return tokens(state, family, !state.switches.omitIdTokenOnRefresh);
}

function tokens(state: SimState, family: Family, withIdToken: boolean): PlainReply {
  const issued = state.tokens.grant(family, state.issuer, state.switches.rotateRefreshTokens);
  return json(200, {
    ...(withIdToken ? { id_token: issued.idToken } : {}),
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    token_type: "bearer",
    expires_in: expiresIn(issued, state.now()),
    scope: family.scope,
  });
}

function expiresIn(issued: IssuedTokens, now: number): number {
  return Math.max(0, Math.round((issued.expiresAt - now) / 1000));
}

/** The string fields of a form or of a JSON object. */
export function fieldsOf(request: Pick<RecordedRequest, "json" | "form">): Fields {
  const entries =
    request.form?.entries() ??
    (typeof request.json === "object" && request.json !== null ? Object.entries(request.json) : []);
  const fields: Fields = {};
  for (const [name, value] of entries) if (typeof value === "string") fields[name] = value;
  return fields;
}

function json(status: number, body: unknown): PlainReply {
  return { kind: "json", status, headers: { "cache-control": "no-store" }, body };
}
