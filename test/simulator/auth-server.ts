import { authorize } from "./authorize.ts";
import { detailBody, oauthErrorBody } from "./bodies.ts";
import { CLIENT_ID } from "./constants.ts";
import { deviceToken, userCode } from "./device-endpoints.ts";
import type { PlainReply, Route } from "./reply.ts";
import type { SimState } from "./state.ts";
import { fieldsOf, token, tokenRoute } from "./token-endpoint.ts";
import type { RecordedRequest } from "./types.ts";
import type { Incoming } from "./record.ts";

/** The stand-in of auth.openai.com: which route a request is for. */
export function authRoute(request: Incoming): Route | undefined {
  const { method, path } = request;
  if (path === "/" && (method === "GET" || method === "HEAD")) return "health";
  if (path === "/oauth/authorize" && method === "GET") return "authorize";
  if (method !== "POST") return undefined;
  if (path === "/oauth/token") return tokenRoute(request);
  if (path === "/oauth/revoke") return "revoke";
  if (path === "/api/accounts/deviceauth/usercode") return "usercode";
  if (path === "/api/accounts/deviceauth/token") return "devicetoken";
  return undefined;
}

export function answerAuth(state: SimState, request: RecordedRequest): PlainReply {
  switch (request.route) {
    case "health":
      return { kind: "raw", headers: { "content-type": "text/plain" }, body: "ok\n" };
    case "authorize":
      return authorize(state, request);
    case "token":
    case "token:refresh":
    case "token:exchange":
      return token(state, request);
    case "revoke":
      return revoke(state, request);
    case "usercode":
      return userCode(state, request);
    case "devicetoken":
      return deviceToken(state, request);
    default:
      return { kind: "json", status: 404, body: detailBody("Not Found") };
  }
}

/** `POST /oauth/revoke`, RFC 7009 in JSON: 200 also for a token that nobody knows (§2.2). */
function revoke(state: SimState, request: RecordedRequest): PlainReply {
  if (request.json === undefined) {
    return refusal("The revocation must be sent as JSON.");
  }
  const { token: revoked, token_type_hint: hint, client_id: client } = fieldsOf(request);
  if (revoked === undefined || revoked === "") return refusal("token is missing");
  if (hint === "refresh_token" && client !== CLIENT_ID) return refusal("client_id is unknown");
  const family = state.tokens.familyOf(revoked);
  if (family !== undefined) {
    state.stats.revocations += 1;
    state.tokens.revoke(family, "revoked");
  }
  return { kind: "json", body: {} };
}

function refusal(description: string): PlainReply {
  return { kind: "json", status: 400, body: oauthErrorBody("invalid_request", description) };
}
